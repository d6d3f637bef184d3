/**
 * Sends and receives events with the CloudEvents SDK for Java.
 *
 * <pre>
 * send URL binary|structured|batch CASES.json   prints an answer per request
 * receive PORT                                  prints its port, then a line per event
 * </pre>
 */
final class Main {
    public static void main(String[] args) throws Exception {
        if (args.length == 4 && args[0].equals("send")) {
            new Sender(args[1]).send(args[2], Cases.read(args[3]));
        } else if (args.length == 2 && args[0].equals("receive")) {
            Receiver.start(Integer.parseInt(args[1]));
        } else {
            System.err.println("usage: send URL MODE CASES.json | receive PORT");
            System.exit(1);
        }
    }
}
