import CCurl
import Glibc
import Synchronization

/// The thread behind a ``CurlStream``: owns one multi handle with one easy handle until the answer has ended.
///
/// `@unchecked Sendable`: `state` has its lock; everything below "the thread's own" is touched before ``start()`` by
/// the caller and afterwards by ``run()``'s thread alone. `curl_multi_wakeup` may come from any thread (documented by
/// libcurl) and the multi handle lives as long as this object.
final class StreamTransfer: @unchecked Sendable {
    private struct State: Sendable {
        var head: CurlStream.Piece?
        /// Trailers end with an empty line, too.
        var hasHead = false
        var unread: [UInt8] = []
        /// libcurl was told to wait until the reader has caught up.
        var isPaused = false
        var end: CurlStream.Piece?
        var isCancelled = false
        var reader: CheckedContinuation<CurlStream.Piece, Never>?

        mutating func take() -> CurlStream.Piece? {
            if let piece = head.take() { return piece }
            guard unread.isEmpty else {
                defer { unread = [] }
                return .bytes(unread)
            }
            return end
        }
    }

    private let limits: CurlStream.Limits
    private let multi: UnsafeMutableRawPointer
    private let state = Mutex(State())

    // The thread's own.
    private let easy: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var lastByte = ContinuousClock.now

    init(limits: CurlStream.Limits) throws(CurlError) {
        guard CurlTransport.globalCode == CURLE_OK else { throw CurlError(CurlTransport.globalCode) }
        guard let multi = curl_multi_init() else { throw CurlError(CURLE_OUT_OF_MEMORY) }
        guard let easy = curl_easy_init() else {
            curl_multi_cleanup(multi)
            throw CurlError(CURLE_OUT_OF_MEMORY)
        }
        self.multi = multi
        self.easy = easy
        self.limits = limits
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        // Fails for a handle that was never added, or is removed already: then there is nothing to do.
        _ = curl_multi_remove_handle(multi, easy)
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    // MARK: - From any thread

    /// Gives the reader what is there, or as soon as something is.
    func hand(to reader: CheckedContinuation<CurlStream.Piece, Never>) {
        let (piece, wasPaused) = state.withLock { state -> (CurlStream.Piece?, Bool) in
            guard let piece = state.take() else {
                state.reader = reader
                return (nil, false)
            }
            return (piece, state.isPaused)
        }
        if let piece { reader.resume(returning: piece) }
        if wasPaused { wake() }
    }

    func cancel() {
        let isNew = state.withLock { state in
            defer { state.isCancelled = true }
            return !state.isCancelled && state.end == nil
        }
        if isNew { wake() }
    }

    private func wake() {
        // A wake-up that fails costs a second at most.
        _ = curl_multi_wakeup(multi)
    }

    /// The last piece; the first one counts.
    func close(_ end: CurlStream.Piece) {
        pass { state in state.end = state.end ?? end }
    }

    /// Adds something, and resumes the reader that waits for it.
    private func pass(_ add: (inout State) -> Void) {
        let (reader, piece) = state.withLock { state in
            add(&state)
            guard let reader = state.reader, let piece = state.take() else {
                return (CheckedContinuation<CurlStream.Piece, Never>?.none, CurlStream.Piece?.none)
            }
            state.reader = nil
            return (reader, piece)
        }
        if let reader, let piece { reader.resume(returning: piece) }
    }

    // MARK: - The thread

    func start() throws(CurlError) {
        var thread = pthread_t()
        // The thread's own reference, balanced by the first line it runs.
        let argument = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                // Never nil: it is the `argument` above.
                Unmanaged<StreamTransfer>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw CurlError(text: "no thread: error \(code)")
        }
        pthread_detach(thread)
    }

    private func run() {
        let end = carry()
        // Under way or not, its connection ends here, and nobody hears of the end before.
        _ = curl_multi_remove_handle(multi, easy)
        close(end)
    }

    /// - Returns: how the transfer ended.
    private func carry() -> CurlStream.Piece {
        lastByte = .now
        while true {
            let (isCancelled, mayResume) = state.withLock { state in
                let mayResume = state.isPaused && state.unread.isEmpty
                if mayResume { state.isPaused = false }
                return (state.isCancelled, mayResume)
            }
            if isCancelled { return .end(.notSent) }
            if mayResume {
                lastByte = .now
                // What was held back comes in this very call; a failure ends the transfer below.
                _ = curl_easy_pause(easy, CURLPAUSE_CONT)
            }
            var running: Int32 = 0
            let code = curl_multi_perform(multi, &running)
            guard code == CURLM_OK else {
                return .end(.unreachable(String(cString: curl_multi_strerror(code))))
            }
            if let end = finished() { return end }
            guard let patience = patience() else { return .end(.timedOut) }
            // Returns early for a byte, and for ``wake()``.
            _ = curl_multi_poll(multi, nil, 0, patience, nil)
        }
    }

    /// In milliseconds, a second at most; nil when the peer was silent for too long. While the reader is behind, it
    /// is not the peer who is silent.
    private func patience() -> Int32? {
        if state.withLock({ $0.isPaused }) { return 1000 }
        let left = limits.longestSilence - (ContinuousClock.now - lastByte)
        return left > .zero ? Int32(min(max(left.wholeMilliseconds, 1), 1000)) : nil
    }

    private func finished() -> CurlStream.Piece? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let code = message.pointee.data.result
            switch code {
            case CURLE_OK: return .end(nil)
            case CURLE_OPERATION_TIMEDOUT: return .end(.timedOut)
            default:
                let text = errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
                return .end(.unreachable(text))
            }
        }
        return nil
    }
}

extension StreamTransfer {
    func prepare(_ request: HTTPRequest) throws(CurlError) {
        try CurlOptions.setCommon(easy, connectTimeout: limits.connectTimeout)
        try CurlError.check(kefu_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try CurlError.check(kefu_easy_set_string(easy, CURLOPT_URL, request.url))
        try CurlError.check(kefu_easy_set_long(easy, CURLOPT_HTTPGET, 1))
        headers = try CurlOptions.list(of: request.headers)
        try CurlError.check(kefu_easy_set_list(easy, CURLOPT_HTTPHEADER, headers))
        // Unretained: callbacks come inside ``run()``, which holds this object.
        let this = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA] {
            try CurlError.check(kefu_easy_set_pointer(easy, option, this))
        }
        try CurlError.check(
            kefu_easy_set_write(easy) { bytes, size, count, this in
                bytes?.withMemoryRebound(to: UInt8.self, capacity: size * count) {
                    StreamTransfer.at(this).take(UnsafeBufferPointer(start: $0, count: size * count))
                } ?? 0
            })
        try CurlError.check(
            kefu_easy_set_header(easy) { bytes, size, count, this in
                bytes?.withMemoryRebound(to: UInt8.self, capacity: size * count) {
                    StreamTransfer.at(this).noteHeader(UnsafeBufferPointer(start: $0, count: size * count))
                }
                return size * count
            })
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { throw CurlError(CURLE_FAILED_INIT) }
    }

    private static func at(_ pointer: UnsafeMutableRawPointer?) -> StreamTransfer {
        // Never nil: it is `this` of ``prepare(_:)``.
        Unmanaged<StreamTransfer>.fromOpaque(pointer!).takeUnretainedValue()
    }

    private func take(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        lastByte = .now
        var taken = bytes.count
        pass { state in
            if !state.unread.isEmpty && state.unread.count + bytes.count > limits.unread {
                state.isPaused = true
                taken = Int(CURL_WRITEFUNC_PAUSE)
            } else {
                state.unread.append(contentsOf: bytes)
            }
        }
        return taken
    }

    /// One line with its end; the empty one ends a head, of which those below 200 are only interim.
    private func noteHeader(_ line: UnsafeBufferPointer<UInt8>) {
        lastByte = .now
        guard line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n") else { return }
        var status = 0
        var type: UnsafeMutableRawPointer?
        // Both only fail for an info that libcurl does not know; then they stay as they are.
        _ = kefu_easy_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        _ = kefu_easy_get_pointer(easy, CURLINFO_CONTENT_TYPE, &type)
        guard status >= 200 else { return }
        let contentType = type.map { String(cString: $0.assumingMemoryBound(to: CChar.self)) } ?? ""
        pass { state in
            if !state.hasHead { state.head = .head(status: status, contentType: contentType) }
            state.hasHead = true
        }
    }
}
