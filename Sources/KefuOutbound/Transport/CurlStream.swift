import CCurl
import Glibc

/// A GET whose answer is read while it comes, however long that takes: ``StreamTransfer`` carries it on a thread of
/// its own. One reader calls ``next()``; what that one leaves unread is bounded, because the peer is made to wait.
///
/// There is no limit on the whole, only on silence: a peer that sends heartbeats and falls silent is gone.
package final class CurlStream: Sendable {
    package struct Limits: Sendable {
        /// For name look-up, connection and TLS handshake together.
        package var connectTimeout = Duration.seconds(3)
        /// Without a byte for so long, the connection counts as lost.
        package var longestSilence = Duration.seconds(40)
        /// Bytes that wait for the reader; a single piece of libcurl's may be more.
        package var unread = 256 * 1024

        package init() {}
    }

    package enum Piece: Sendable, Equatable {
        /// Comes once, first, unless there is no answer at all.
        case head(status: Int, contentType: String)
        case bytes([UInt8])
        /// Comes last, and again at every further call: nil when the peer ended its answer as HTTP asks for,
        /// ``HTTPFailure/notSent`` after ``cancel()``.
        case end(HTTPFailure?)
    }

    private let transfer: StreamTransfer

    package init(
        _ url: String, headers: [(name: String, value: String)] = [], limits: Limits = Limits()
    ) throws(CurlError) {
        let request = HTTPRequest(.get, url, headers: headers)
        transfer = try StreamTransfer(limits: limits)
        if let fault = request.fault {
            transfer.close(.end(fault))
            return
        }
        try transfer.prepare(request)
        try transfer.start()
    }

    deinit { transfer.cancel() }

    /// Waits for the next piece; after ``cancel()`` it does not wait any more. For one caller at a time.
    package func next() async -> Piece {
        await withTaskCancellationHandler {
            await withCheckedContinuation { transfer.hand(to: $0) }
        } onCancel: {
            transfer.cancel()
        }
    }

    /// Ends the exchange; the connection is closed. From any thread, as often as you like.
    package func cancel() { transfer.cancel() }
}
