import {
  type Case,
  cancelled,
  connect,
  endedByGuest,
  endedByLambda,
  failed,
  gone,
  handedOver,
  hurried,
  late,
  listen,
  name,
  named,
  own,
  renew,
  run,
  started,
  stopping,
  succeeded,
  successorGone,
  time,
  visible,
  withdrawn,
} from './steps.ts';

/** A function, its successor or its holder ends. */
export const endings: readonly Case[] = [
  [
    'the successor of a function that died gets the names at once, and takes over when its guest runs',
    [
      connect,
      renew,
      [101_000, gone, 'succeeding', ['name-successor'], 200_000],
      [101_500, endedByLambda, 'succeeding', [], 200_000],
      [102_000, named(), 'succeeding', [], 200_000],
      [103_000, started(), 'handing-over', ['withdraw-names']],
      [103_001, withdrawn, 'ended', ['install-successor']],
    ],
    succeeded,
  ],
  [
    'if the function and its successor die, the result is the outcome of the function',
    [
      connect,
      renew,
      [101_000, gone, 'succeeding', ['name-successor'], 200_000],
      [102_000, failed(), 'serving', ['end-successor']],
      [103_000, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'a function that dies between two attempts has no successor',
    [
      connect,
      renew,
      [101_000, failed(), 'succeeding', ['end-successor', 'report'], 102_000],
      [101_500, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'a guest that ends by itself has no successor, even if one is being started',
    [connect, renew, run, [102_000, endedByGuest, 'ended', ['end-successor']]],
    own,
  ],
  [
    'a holder that stops starts no successor',
    [connect, [50_000, stopping, 'serving', []], [100_000, time, 'serving', []]],
  ],
  [
    'if the holder stops, the successor that is being started is not ended: it has received the signal too',
    [connect, renew, run, [102_000, stopping, 'serving', []], [103_000, endedByGuest, 'ended', []]],
    own,
  ],
  [
    'if the holder stops, a function that retires is killed after its grace period, without a second signal',
    [
      ...handedOver,
      [103_000, stopping, 'retiring', [], 108_000],
      [108_000, time, 'retiring', ['kill'], 109_000],
    ],
  ],
  [
    'if the holder stops, a function whose time is up ends with its own outcome',
    [...late, [200_100, stopping, 'retiring', [], 205_100], [201_000, endedByGuest, 'ended', []]],
    own,
  ],
  [
    'a hand-over continues while the holder stops: the exit code is that of the guest to which names lead',
    [
      connect,
      renew,
      run,
      listen,
      [102_001, stopping, 'handing-over', []],
      [102_002, named(), 'handing-over', ['watch-for-successor'], 200_000],
      [102_003, visible, 'handing-over', ['withdraw-names']],
      [102_004, withdrawn, 'retiring', ['install-successor'], 107_004],
    ],
  ],
  [
    'a hand-over does not wait for a visible successor that is gone',
    [
      ...[connect, renew, run, listen, name],
      [103_000, successorGone(), 'handing-over', ['withdraw-names']],
      [103_001, withdrawn, 'retiring', ['install-successor', 'watch-for-idle'], 200_000],
      [103_002, gone, 'retiring', []],
    ],
  ],
  [
    'if the function goes while the seed is away, the seed is told once more',
    [
      connect,
      renew,
      run,
      listen,
      [103_000, named(false), 'handing-over', [], 104_000],
      [103_100, gone, 'handing-over', ['name-successor']],
      [103_200, named(false), 'handing-over', ['withdraw-names']],
    ],
  ],
  [
    'a function does not wait for its connections if its holder waits for nothing but its end',
    [...handedOver, [102_100, hurried, 'retiring', ['stop SIGTERM'], 107_100]],
  ],
  [
    'cancellation ends the successor that is being started',
    [
      connect,
      renew,
      [101_000, cancelled, 'serving', ['end-successor']],
      [101_001, endedByLambda, 'ended', []],
    ],
    own,
  ],
  [
    'cancellation at once ends a function that retires',
    [...handedOver, [103_000, cancelled, 'retiring', ['end']], [103_001, endedByLambda, 'ended', []]],
    succeeded,
  ],
];
