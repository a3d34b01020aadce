import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { HEARTBEAT, Heartbeat } from './heartbeat.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test.each([0, 1, 500, 999])(
  'a peer is given up within 5 s of its last byte, which came %i ms after a tick',
  (phase) => {
    const heard: string[] = [];
    const on = { ping: () => heard.push('ping'), dead: () => heard.push('dead'), deaf: () => false };
    const heartbeat = new Heartbeat(HEARTBEAT, on);
    jest.advanceTimersByTime(1000 + phase);
    heartbeat.received();
    jest.advanceTimersByTime(3000);
    expect(heard).not.toContain('dead');
    jest.advanceTimersByTime(1000);
    expect(heartbeat.suspect).toBe(true);
    jest.advanceTimersByTime(1000);
    expect(heard).toContain('dead');
    heartbeat.stop();
  },
);

test('a ping is sent only after a second in which nothing was sent or nothing arrived', () => {
  const heard: string[] = [];
  const on = { ping: () => heard.push('ping'), dead: () => heard.push('dead'), deaf: () => false };
  const heartbeat = new Heartbeat(HEARTBEAT, on);
  for (let second = 0; second < 20; second += 1) {
    heartbeat.received();
    heartbeat.sent();
    jest.advanceTimersByTime(1000);
  }
  expect([heard, heartbeat.suspect]).toEqual([[], false]);
  for (let second = 0; second < 20; second += 1) {
    heartbeat.received();
    jest.advanceTimersByTime(1000);
  }
  expect(heard).toEqual(Array(20).fill('ping'));
  heartbeat.stop();
});

test('a side that has paused reading goes on sending pings and does not give its peer up', () => {
  const heard: string[] = [];
  const on = { ping: () => heard.push('ping'), dead: () => heard.push('dead'), deaf: () => true };
  const heartbeat = new Heartbeat(HEARTBEAT, on);
  jest.advanceTimersByTime(60_000);
  expect(heard).toEqual(Array(60).fill('ping'));
  heartbeat.stop();
});
