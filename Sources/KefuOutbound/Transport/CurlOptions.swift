import CCurl

/// What every exchange of this process asks of libcurl, whether its answer is collected or read while it comes:
/// nothing is taken from the environment, and nothing but the web is spoken.
enum CurlOptions {
    static func setCommon(_ easy: UnsafeMutableRawPointer, connectTimeout: Duration) throws(CurlError) {
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1),
            // A look-up that outlasts its time limit is left to its own thread instead of holding up all transfers.
            (CURLOPT_QUICK_EXIT, 1),
            (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue)),
            (CURLOPT_CONNECTTIMEOUT_MS, connectTimeout.wholeMilliseconds),
        ]
        for (option, value) in numbers { try CurlError.check(kefu_easy_set_long(easy, option, value)) }
        let texts = [
            (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_REDIR_PROTOCOLS_STR, "http,https"),
            (CURLOPT_PROXY, ""), (CURLOPT_USERAGENT, "kefu"),
        ]
        for (option, value) in texts { try CurlError.check(kefu_easy_set_string(easy, option, value)) }
    }

    /// Headers as libcurl takes them; the caller frees the list.
    static func list(
        of headers: [(name: String, value: String)]
    ) throws(CurlError) -> UnsafeMutablePointer<curl_slist>? {
        // No body waits for a `100 Continue`.
        var list = curl_slist_append(nil, "Expect:")
        for header in headers {
            // A header without a value is written with a semicolon, else libcurl removes it.
            let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                throw CurlError(CURLE_OUT_OF_MEMORY)
            }
            list = longer
        }
        return list
    }
}
