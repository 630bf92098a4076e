import KefuAdapter
import KefuCore
import KefuOutbound

// Who carries actions and callbacks, and in whose words: an adapter's where there is one, else the contract's.
extension Settings {
    /// Nil when nothing says where actions go.
    func gateway(over transport: CurlTransport) -> (any MessageGateway)? {
        let times = timeZone
        let platform = HTTPPlatform(peer: "gateway", secret: gatewaySecret, transport: transport)
        let adapted = adapter?.gateway(
            url: gatewayURL, timeout: gatewayTimeout, transport: platform, formatTime: { times.text($0) })
        if let adapted { return adapted }
        return gatewayURL.map { url in
            HTTPGateway(
                url: url, secret: gatewaySecret, timeout: gatewayTimeout, transport: transport,
                formatTime: { times.text($0) }, isJSON: JSONReader.accepts)
        }
    }

    /// Nil when nothing says where callbacks go.
    func callbackTransport(timeout: Duration, over transport: CurlTransport) -> (any CallbackTransport)? {
        let times = timeZone
        let platform = HTTPPlatform(peer: "callback receiver", secret: callbackSecret, transport: transport)
        let adapted = adapter?.callbackTransport(
            url: callbackURL, timeout: timeout, transport: platform, formatTime: { times.text($0) })
        if let adapted { return adapted }
        return callbackURL.map { url in
            HTTPCallbackTransport(
                url: url, secret: callbackSecret, timeout: timeout, transport: transport,
                formatTime: { times.text($0) })
        }
    }

    /// What WebSocket frames mean, and how actions go out as frames.
    func frameDialect(reader: RequestReader) -> any PlatformDialect {
        let times = timeZone
        if let adapter { return adapter.dialect(reader: reader, formatTime: { times.text($0) }) }
        return ContractDialect(reader: reader, formatTime: { times.text($0) })
    }

    /// What posted bodies of the platform's own shape mean; nil without an adapter that says so.
    func platformDialect(reader: RequestReader) -> (any PlatformBodyDialect)? {
        guard let adapter, adapter.hasEvents else { return nil }
        let times = timeZone
        return adapter.dialect(reader: reader, formatTime: { times.text($0) })
    }
}
