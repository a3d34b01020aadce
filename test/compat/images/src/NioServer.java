import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Echoes every connection to the port that is its argument, with one selector and non-blocking channels. */
public final class NioServer {
  public static void main(String[] args) throws IOException {
    Selector selector = Selector.open();
    ServerSocketChannel server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(Integer.parseInt(args[0])));
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    ByteBuffer buffer = ByteBuffer.allocateDirect(65536);
    while (true) {
      selector.select();
      for (SelectionKey key : selector.selectedKeys()) {
        if (key.isAcceptable()) {
          for (SocketChannel channel; (channel = server.accept()) != null; ) {
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
          }
        } else {
          echo(key, buffer);
        }
      }
      selector.selectedKeys().clear();
    }
  }

  private static void echo(SelectionKey key, ByteBuffer buffer) throws IOException {
    SocketChannel channel = (SocketChannel) key.channel();
    try {
      buffer.clear();
      if (channel.read(buffer) < 0) {
        channel.close();
        return;
      }
      buffer.flip();
      while (buffer.hasRemaining()) channel.write(buffer);
    } catch (IOException gone) {
      channel.close();
    }
  }
}
