<?php
$behaviours = [
  'hello' => fn() => 'hello',
  'pid' => fn() => getmypid(),
  'post' => fn() => strlen(file_get_contents('php://input')),
  'remote' => fn() => $_SERVER['REMOTE_ADDR'],
  'stream' => fn() => trim(file_get_contents('http://web:8080/static')),
  'socket' => function () {
    $socket = fsockopen('web', 8080, $code, $message, 3);
    fwrite($socket, "GET /static HTTP/1.0\r\n\r\n");
    return trim(explode("\r\n\r\n", stream_get_contents($socket))[1]);
  },
  'name' => fn() => gethostbyname('web') === 'web' ? 'unknown' : 'known',
  'peer' => function () {
    $socket = stream_socket_client('tcp://web:8080', $code, $message, 3);
    return stream_socket_get_name($socket, true) === gethostbyname('web') . ':8080' ? 'agrees' : 'differs';
  },
  'async' => function () {
    $socket = stream_socket_client('tcp://web:8080', $code, $message, 3, STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT);
    [$read, $write, $except] = [null, [$socket], null];
    return stream_select($read, $write, $except, 3);
  },
  'refused' => fn() => @fsockopen('web', 1, $code, $message, 3) ? 'open' : $code,
  'file' => function () {
    $name = tempnam(sys_get_temp_dir(), 'php');
    file_put_contents($name, 'kept');
    return file_get_contents($name);
  },
  'exec' => fn() => trim(shell_exec('echo child')),
];
echo ($behaviours[trim($_SERVER['SCRIPT_NAME'] ?? '', '/')] ?? fn() => http_response_code(404))(), "\n";
