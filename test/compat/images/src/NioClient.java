import java.io.DataInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Connects to the echo server at HOST PORT with each of Java's APIs; prints one "ok" or "not ok" line for each. */
public final class NioClient {
  private static String host;
  private static int port;

  public static void main(String[] args) throws Exception {
    host = args[0];
    port = Integer.parseInt(args[1]);
    check("a name resolves", () -> InetAddress.getByName(host).getAddress().length == 4);
    check("an unknown name does not", () -> {
      try {
        InetAddress.getByName("nobody.invalid");
        return false;
      } catch (UnknownHostException expected) {
        return true;
      }
    });
    check("Socket", () -> {
      try (Socket socket = new Socket(host, port)) {
        return echoes(socket, "blocking");
      }
    });
    check("Socket with a time limit", () -> {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(host, port), 3000);
        return echoes(socket, "limit");
      }
    });
    check("read time-out", () -> {
      try (Socket socket = new Socket(host, port)) {
        socket.setSoTimeout(100);
        socket.getInputStream().read();
        return false;
      } catch (SocketTimeoutException expected) {
        return true;
      }
    });
    check("SocketChannel, non-blocking, connect awaited by a selector", NioClient::selected);
    check("peer and local address agree with the name and an interface", () -> {
      try (Socket socket = new Socket(host, port)) {
        return socket.getInetAddress().equals(InetAddress.getByName(host))
            && NetworkInterface.getByInetAddress(socket.getLocalAddress()) != null;
      }
    });
    check("a closed port is refused", () -> {
      try (Socket socket = new Socket(host, 1)) {
        return false;
      } catch (ConnectException expected) {
        return expected.getMessage().contains("refused");
      }
    });
    check("100 connections of 8 threads", NioClient::threads);
    check("1 MB comes back", NioClient::bulk);
    check("half-close", () -> {
      try (Socket socket = new Socket(host, port)) {
        socket.shutdownOutput();
        return socket.getInputStream().read() < 0;
      }
    });
    check("ServerSocket closed while accept waits", NioClient::closedWhileAccepting);
    check("ServerSocketChannel on port 0, connected to from the same process", NioClient::ownListener);
    check("the own host name resolves", () -> InetAddress.getLocalHost().getHostName().length() > 0);
    System.exit(0);
  }

  private static boolean echoes(Socket socket, String text) throws IOException {
    byte[] bytes = text.getBytes("UTF-8");
    byte[] back = new byte[bytes.length];
    socket.getOutputStream().write(bytes);
    new DataInputStream(socket.getInputStream()).readFully(back);
    return Arrays.equals(bytes, back);
  }

  private static boolean selected() throws IOException {
    try (Selector selector = Selector.open(); SocketChannel channel = SocketChannel.open()) {
      channel.configureBlocking(false);
      SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
      if (!channel.connect(new InetSocketAddress(host, port))) {
        if (selector.select(5000) != 1 || !channel.finishConnect()) return false;
      }
      key.interestOps(SelectionKey.OP_READ);
      channel.write(ByteBuffer.wrap("selected".getBytes()));
      ByteBuffer back = ByteBuffer.allocate(8);
      while (back.hasRemaining()) {
        selector.select(5000);
        selector.selectedKeys().clear();
        if (channel.read(back) < 0) return false;
      }
      return new String(back.array()).equals("selected");
    }
  }

  private static boolean threads() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    for (Future<Boolean> result : pool.invokeAll(IntStream.range(0, 100).<Callable<Boolean>>mapToObj(i -> () -> {
      try (Socket socket = new Socket(host, port)) {
        return echoes(socket, "thread " + i);
      }
    }).toList())) {
      if (!result.get()) return false;
    }
    pool.shutdown();
    return true;
  }

  private static boolean bulk() throws Exception {
    byte[] bytes = new byte[1 << 20];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) (i * 31 >> 3);
    try (Socket socket = new Socket(host, port)) {
      Thread writer = new Thread(() -> {
        try {
          socket.getOutputStream().write(bytes);
        } catch (IOException ignored) {
          // The reader reports the missing bytes.
        }
      });
      writer.start();
      byte[] back = new byte[bytes.length];
      new DataInputStream(socket.getInputStream()).readFully(back);
      return Arrays.equals(bytes, back);
    }
  }

  private static boolean closedWhileAccepting() throws Exception {
    ServerSocket server = new ServerSocket(0);
    boolean[] woken = {false};
    Thread waiting = new Thread(() -> {
      try {
        server.accept();
      } catch (IOException expected) {
        woken[0] = true;
      }
    });
    waiting.start();
    while (waiting.getState() != Thread.State.RUNNABLE) Thread.onSpinWait();
    server.close();
    waiting.join(5000);
    return woken[0];
  }

  private static boolean ownListener() throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress(0))) {
      int own = ((InetSocketAddress) server.getLocalAddress()).getPort();
      try (SocketChannel out = SocketChannel.open(new InetSocketAddress("127.0.0.1", own)); SocketChannel in = server.accept()) {
        return in.getRemoteAddress().equals(out.getLocalAddress());
      }
    }
  }

  private static void check(String name, Callable<Boolean> behaviour) {
    try {
      System.out.println((behaviour.call() ? "ok - " : "not ok - ") + name);
    } catch (Exception error) {
      System.out.println("not ok - " + name);
      System.out.println("# " + error);
    }
  }
}
