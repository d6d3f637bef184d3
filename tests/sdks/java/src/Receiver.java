import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.jackson.JsonCloudEventData;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Prints events as the SDK shows them. */
final class Receiver {
    static void start(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", Receiver::receive);
        server.start();
        tell(Map.of("port", server.getAddress().getPort()));
    }

    static synchronized void tell(Map<String, ?> line) throws IOException {
        System.out.println(Cases.JSON.writeValueAsString(line));
    }

    private static void receive(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        try {
            CloudEvent event =
                HttpMessageFactory.createReaderFromMultimap(exchange.getRequestHeaders(), body).toEvent();
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("path", exchange.getRequestURI().getPath());
            show(event, line);
            tell(line);
            exchange.sendResponseHeaders(204, -1);
        } catch (RuntimeException error) {
            byte[] reason = error.toString().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(400, reason.length);
            exchange.getResponseBody().write(reason);
        } finally {
            exchange.close();
        }
    }

    private static void show(CloudEvent event, Map<String, Object> line) {
        for (String name : event.getAttributeNames()) {
            Object value = event.getAttribute(name);
            if (!name.equals("specversion") && value != null) {
                line.put(name, value.toString());
            }
        }
        Map<String, Object> extensions = new TreeMap<>();
        for (String name : event.getExtensionNames()) {
            extensions.put(name, event.getExtension(name));
        }
        line.put("extensions", extensions);
        line.put("data", shown(event.getData()));
    }

    private static Object shown(CloudEventData data) {
        if (data == null) {
            return null;
        }
        if (data instanceof JsonCloudEventData) {
            JsonNode node = ((JsonCloudEventData) data).getNode();
            return Map.of("json", node);
        }
        return Map.of("base64", data.toBytes());
    }
}
