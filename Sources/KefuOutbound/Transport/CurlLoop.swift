import CCurl
import Glibc
import Synchronization

/// Owns libcurl's multi handle and every transfer on it. One thread runs ``run()``; all others only ``submit(_:)``
/// and ``close()``, which reach that thread through the mutex-protected inbox and `curl_multi_wakeup`.
///
/// (`curl_multi_socket_action` over epoll was measured as well: the same at 64 transfers, a fifth less at thousands,
/// where libcurl's own walk through its connections weighs more. Not worth the second way to wait.)
///
/// `@unchecked Sendable`: the inbox has its lock; `multi` may be woken from any thread (documented by libcurl) and is
/// freed when the last reference goes; everything below "the thread's own" is touched by ``run()``'s thread alone,
/// which ``assertOnThread()`` watches.
final class CurlLoop: @unchecked Sendable {
    struct Submission: Sendable {
        let request: HTTPRequest
        let continuation: CheckedContinuation<HTTPResult, Never>
    }

    private struct Inbox {
        var submissions: [Submission] = []
        var isClosed = false
    }

    /// In milliseconds: the longest sleep, should a wake-up ever fail. libcurl's own timers shorten it.
    private static let longestPoll: Int32 = 1000
    /// In milliseconds: the pause after libcurl itself has failed, so that the thread does not spin.
    private static let pauseAfterFault: Int32 = 10
    /// Transfers kept for the next requests; each holds a few KiB.
    private static let mostSpares = 256

    private let limits: CurlTransport.Limits
    private let multi: UnsafeMutableRawPointer
    private let inbox = Mutex(Inbox())

    // The thread's own.
    private var thread: pthread_t?
    private var waiting = SubmissionQueue()
    private var active: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var spares: [CurlTransfer]

    init(limits: CurlTransport.Limits) throws(CurlError) {
        guard let multi = curl_multi_init() else { throw CurlError(CURLE_OUT_OF_MEMORY) }
        do throws(CurlError) {
            // Else the cache shrinks with the number of transfers under way, and connections are lost to every lull.
            guard kefu_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.transfers) == CURLM_OK else {
                throw CurlError(CURLE_UNKNOWN_OPTION)
            }
            // Made here, so that a libcurl that lacks an option is found out at the start.
            spares = [try CurlTransfer(limits: limits)]
        } catch {
            curl_multi_cleanup(multi)
            throw error
        }
        self.multi = multi
        self.limits = limits
    }

    deinit {
        spares = []  // Easy handles go before the multi handle whose connections they used.
        curl_multi_cleanup(multi)
    }

    /// From any thread. After ``close()`` the submission ends as not sent.
    func submit(_ submission: Submission) {
        let position = inbox.withLock { inbox in
            if inbox.isClosed { return 0 }
            inbox.submissions.append(submission)
            return inbox.submissions.count
        }
        switch position {
        case 0: submission.continuation.resume(returning: .failure(.notSent))
        case 1: wake()
        default: break  // Whoever found the inbox empty has woken the thread or is about to.
        }
    }

    /// From any thread: makes ``run()`` end everything and return.
    func close() {
        inbox.withLock { $0.isClosed = true }
        wake()
    }

    private func wake() {
        // A wake-up that fails costs ``longestPoll`` at most.
        _ = curl_multi_wakeup(multi)
    }

    /// The thread's body; returns after ``close()``.
    func run() {
        thread = pthread_self()
        while takeSubmissions() {
            startWaiting()
            var stillRunning: Int32 = 0
            let code = curl_multi_perform(multi, &stillRunning)
            settleFinished()
            guard code == CURLM_OK else {
                abandon(because: String(cString: curl_multi_strerror(code)))
                continue
            }
            if waiting.isEmpty || active.count >= limits.transfers { sleep() }
        }
        waiting.removeAll { $0.continuation.resume(returning: .failure(.notSent)) }
        abandon(because: "the transport was shut down")
        spares = []
    }

    /// False once closed.
    private func takeSubmissions() -> Bool {
        inbox.withLock { inbox in
            waiting.append(contentsOf: inbox.submissions)
            inbox.submissions.removeAll(keepingCapacity: true)
            return !inbox.isClosed
        }
    }

    private func startWaiting() {
        assertOnThread()
        while active.count < limits.transfers, let submission = waiting.popFirst() {
            let request = submission.request
            guard request.maySend?() ?? true else {
                submission.continuation.resume(returning: .failure(.notSent))
                continue
            }
            do throws(CurlError) {
                let transfer = if let spare = spares.popLast() { spare } else { try CurlTransfer(limits: limits) }
                try transfer.begin(request, continuation: submission.continuation)
                let code = curl_multi_add_handle(multi, transfer.easy)
                active[transfer.easy] = transfer
                if code != CURLM_OK { settle(transfer, .failure(.unreachable("libcurl: error \(code.rawValue)"))) }
            } catch {
                submission.continuation.resume(returning: .failure(.unreachable(error.description)))
            }
        }
    }

    private func settleFinished() {
        assertOnThread()
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let transfer = active[message.pointee.easy_handle] else {
                continue
            }
            settle(transfer, transfer.result(of: message.pointee.data.result))
        }
    }

    private func settle(_ transfer: CurlTransfer, _ result: HTTPResult) {
        active[transfer.easy] = nil
        // Only fails for a handle that was never added, which then needs no removal.
        _ = curl_multi_remove_handle(multi, transfer.easy)
        transfer.end(result)
        if spares.count < Self.mostSpares { spares.append(transfer) }
    }

    /// Ends everything under way.
    private func abandon(because reason: String) {
        for transfer in Array(active.values) { settle(transfer, .failure(.unreachable(reason))) }
    }

    private func sleep() {
        if curl_multi_poll(multi, nil, 0, Self.longestPoll, nil) != CURLM_OK { poll(nil, 0, Self.pauseAfterFault) }
    }

    private func assertOnThread() {
        assert(thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false, "only the transport's thread")
    }
}

/// First in, first out; popping is cheap however many wait.
private struct SubmissionQueue {
    private var items: [CurlLoop.Submission] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }

    mutating func append(contentsOf more: [CurlLoop.Submission]) { items.append(contentsOf: more) }

    mutating func popFirst() -> CurlLoop.Submission? {
        guard head < items.count else { return nil }
        defer {
            head += 1
            if head == items.count {
                removeAll()
            } else if head > items.count / 2 {
                items.removeFirst(head)
                head = 0
            }
        }
        return items[head]
    }

    mutating func removeAll(_ visit: (CurlLoop.Submission) -> Void = { _ in }) {
        items[head...].forEach(visit)
        items.removeAll(keepingCapacity: true)
        head = 0
    }
}
