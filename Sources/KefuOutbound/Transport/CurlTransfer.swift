import CCurl
import Glibc

/// One easy handle and the exchange it carries at the moment. Used by ``CurlLoop``'s thread alone, again and again.
///
/// A POST must go out at most once, but libcurl repeats one whose reused connection died before the first byte of an
/// answer. Every start of a request passes `CURLOPT_PREREQFUNCTION`, so ``permitWriting()`` refuses the second one.
/// (The body by `READFUNCTION` with a `SEEKFUNCTION` that fails prevents it as well, but costs a second `send`.)
final class CurlTransfer {
    let easy: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var url = ""

    private var request: HTTPRequest?
    private var continuation: CheckedContinuation<HTTPResult, Never>?
    private var hasStarted = false
    private var answer: [UInt8] = []
    private var isCut = false
    private var wasRefused = false
    /// Whether the empty line behind an answer's headers has come: libcurl also takes a head that breaks off for one.
    private var headIsWhole = false

    init(limits: CurlTransport.Limits) throws(CurlError) {
        guard let easy = curl_easy_init() else { throw CurlError(CURLE_OUT_OF_MEMORY) }
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try setFixedOptions(limits)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headers)
        errorText.deallocate()
    }

    /// Readies the handle; throws before anything was kept of the request.
    func begin(
        _ request: HTTPRequest, continuation: CheckedContinuation<HTTPResult, Never>
    ) throws(CurlError) {
        try setOptions(of: request)
        self.request = request
        self.continuation = continuation
        hasStarted = false
        answer = []
        isCut = false
        wasRefused = false
        headIsWhole = false
        errorText[0] = 0
    }

    /// Tells the caller, once, and lets go of the request.
    func end(_ result: HTTPResult) {
        let caller = continuation
        continuation = nil
        request = nil
        answer = []
        caller?.resume(returning: result)
    }

    /// What libcurl's final code means.
    func result(of code: CURLcode) -> HTTPResult {
        switch code {
        case CURLE_OK where headIsWhole: return .success(response)
        case CURLE_WRITE_ERROR where isCut: return .success(response)
        case CURLE_ABORTED_BY_CALLBACK where wasRefused: return .failure(.notSent)
        case CURLE_OPERATION_TIMEDOUT: return .failure(.timedOut)
        case CURLE_OK, CURLE_ABORTED_BY_CALLBACK:
            return .failure(.unreachable("the connection broke before an answer came"))
        default:
            let text = errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
            return .failure(.unreachable(text))
        }
    }

    private var response: HTTPResponse {
        var status = 0
        var seconds: curl_off_t = 0
        // Both only fail for an info that libcurl does not know; then they stay 0.
        _ = kefu_easy_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        _ = kefu_easy_get_offset(easy, CURLINFO_RETRY_AFTER, &seconds)
        let retryAfter = seconds > 0 ? min(Duration.seconds(seconds), CurlTransport.longestRetryAfter) : nil
        return HTTPResponse(status: status, body: answer, isCut: isCut, retryAfter: retryAfter)
    }

    // MARK: - Callbacks, all on the loop's thread

    /// Keeps what fits; anything but `bytes.count` makes libcurl end the transfer.
    fileprivate func writeAnswer(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let room = (request?.answerLimit ?? 0) - answer.count
        answer.append(contentsOf: bytes.prefix(room))
        isCut = bytes.count > room
        return isCut ? 0 : bytes.count
    }

    /// One line, with its end.
    fileprivate func noteHeader(_ line: UnsafeBufferPointer<UInt8>) {
        headIsWhole = line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n")
    }

    /// Asked with the connection up, right before the request is written.
    fileprivate func permitWriting() -> Bool {
        if hasStarted && request?.method != .get { return false }
        hasStarted = true
        wasRefused = !(request?.maySend?() ?? true)
        return !wasRefused
    }
}

extension CurlTransfer {
    /// What holds for every request that this handle will carry.
    private func setFixedOptions(_ limits: CurlTransport.Limits) throws(CurlError) {
        try CurlOptions.setCommon(easy, connectTimeout: limits.connectTimeout)
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_MAXAGE_CONN, limits.idleConnectionAge.wholeMilliseconds / 1000),
            // With many transfers these are the memory: the smallest that libcurl takes, and one that is enough.
            (CURLOPT_UPLOAD_BUFFERSIZE, 16 * 1024),
            (CURLOPT_BUFFERSIZE, 8 * 1024),
        ]
        for (option, value) in numbers { try CurlError.check(kefu_easy_set_long(easy, option, value)) }
        try CurlError.check(kefu_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try setCallbacks()
    }

    private func setCallbacks() throws(CurlError) {
        // Unretained: callbacks come while the loop holds this object in `active`.
        let this = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA] {
            try CurlError.check(kefu_easy_set_pointer(easy, option, this))
        }
        try CurlError.check(
            kefu_easy_set_write(easy) { bytes, size, count, this in
                bytes?.withMemoryRebound(to: UInt8.self, capacity: size * count) {
                    CurlTransfer.at(this).writeAnswer(UnsafeBufferPointer(start: $0, count: size * count))
                } ?? 0
            })
        try CurlError.check(
            kefu_easy_set_header(easy) { bytes, size, count, this in
                bytes?.withMemoryRebound(to: UInt8.self, capacity: size * count) {
                    CurlTransfer.at(this).noteHeader(UnsafeBufferPointer(start: $0, count: size * count))
                }
                return size * count
            })
        try CurlError.check(
            kefu_easy_set_prereq(easy) { this, _, _, _, _ in
                CurlTransfer.at(this).permitWriting() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            })
    }

    private static func at(_ pointer: UnsafeMutableRawPointer?) -> CurlTransfer {
        // Never nil: it is `this` of ``setCallbacks()``.
        Unmanaged<CurlTransfer>.fromOpaque(pointer!).takeUnretainedValue()
    }

    /// What differs from request to request.
    private func setOptions(of request: HTTPRequest) throws(CurlError) {
        if request.url != url {
            url = ""
            try CurlError.check(kefu_easy_set_string(easy, CURLOPT_URL, request.url))
            try setVersion(isEncrypted: request.isEncrypted)
            url = request.url
        }
        // The handle may have carried another one before; nil stands for the method of the options below.
        let name = request.method == .put ? "PUT" : nil
        try CurlError.check(kefu_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, name))
        switch request.method {
        case .get: try CurlError.check(kefu_easy_set_long(easy, CURLOPT_HTTPGET, 1))
        case .post, .put:
            let size = curl_off_t(request.body.count)
            try CurlError.check(kefu_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, size))
            // An empty array's address may be nil, which would mean a body by callback.
            let code = request.body.isEmpty ? kefu_easy_set_body(easy, "") : kefu_easy_set_body(easy, request.body)
            try CurlError.check(code)
        }
        // 0 would mean no limit at all.
        let timeout = max(request.timeout.wholeMilliseconds, 1)
        try CurlError.check(kefu_easy_set_long(easy, CURLOPT_TIMEOUT_MS, timeout))
        try setHeaders(of: request)
    }

    private func setVersion(isEncrypted: Bool) throws(CurlError) {
        // Waiting for a connection to multiplex on is right where the handshake tells; in clear text only an answer
        // would, and one that never comes would hold up every other request.
        let version = isEncrypted ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        try CurlError.check(kefu_easy_set_long(easy, CURLOPT_HTTP_VERSION, Int(version)))
        try CurlError.check(kefu_easy_set_long(easy, CURLOPT_PIPEWAIT, isEncrypted ? 1 : 0))
    }

    private func setHeaders(of request: HTTPRequest) throws(CurlError) {
        let list = try CurlOptions.list(of: request.headers)
        let old = headers
        try CurlError.check(kefu_easy_set_list(easy, CURLOPT_HTTPHEADER, list))
        headers = list
        curl_slist_free_all(old)
    }
}

extension Duration {
    /// Rounded down; at most `Int32.max`, which is what libcurl takes for sure.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(min(max(seconds, 0), 2_000_000)) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
