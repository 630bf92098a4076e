import KefuCore

/// A request of a platform's own shape.
struct RequestTemplate: Sendable {
    enum Body: Sendable {
        case none
        case json(BodyTemplate)
        /// `application/x-www-form-urlencoded`.
        case form([(name: String, value: TextTemplate)])
    }

    var method: PlatformRequest.Method
    /// Nil: the one of the settings.
    var url: TextTemplate?
    var headers: [(name: String, value: TextTemplate)]
    var body: Body

    /// - Parameter fallback: the URL of the settings.
    func render(_ values: TemplateValues, fallback: String?, timeout: Duration) -> PlatformRequest {
        var headers = headers.map { ($0.name, $0.value.render(values)) }.filter { !$0.1.isEmpty }
        let bytes: [UInt8]
        var contentType: String?
        switch body {
        case .none: bytes = []
        case .json(let body): (bytes, contentType) = (body.render(values), "application/json")
        case .form(let fields):
            bytes = Array(fields.map { "\($0.name)=\($0.value.render(values))" }.joined(separator: "&").utf8)
            contentType = "application/x-www-form-urlencoded"
        }
        if let contentType, !headers.contains(where: { $0.0.lowercased() == "content-type" }) {
            headers.append(("Content-Type", contentType))
        }
        return PlatformRequest(
            method: method, url: url?.render(values) ?? fallback ?? "", headers: headers, body: bytes,
            timeout: timeout)
    }

    /// The names that are used anywhere in it.
    var names: Set<String> {
        var names = url?.names ?? []
        for header in headers { names.formUnion(header.value.names) }
        switch body {
        case .none: break
        case .json(let body): names.formUnion(body.names)
        case .form(let fields): for field in fields { names.formUnion(field.value.names) }
        }
        return names
    }
}

/// What a request needs to be read from the file.
struct RequestReading {
    var names: TemplateNames
    var environment: AdapterEnvironment
    /// The methods that may be used; the first is the usual one.
    var methods: [PlatformRequest.Method]

    /// - Parameter place: finds a member of the request; it may stand in another object of the file.
    func request(_ place: (String) -> FilePlace?) -> RequestTemplate {
        RequestTemplate(
            method: place("method").flatMap(method) ?? methods[0], url: place("url").flatMap(url),
            headers: place("headers").map(headers) ?? [], body: body(place))
    }

    private func method(_ place: FilePlace) -> PlatformRequest.Method? {
        if case .string(let text) = place.value, let method = methods.first(where: { $0.rawValue == text }) {
            return method
        }
        place.flaw("must be one of: \(methods.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    private func body(_ place: (String) -> FilePlace?) -> RequestTemplate.Body {
        switch (place("body"), place("form")) {
        case (let body?, nil): return body.body(names).map(RequestTemplate.Body.json) ?? .none
        case (nil, let form?):
            let fields = (form.members() ?? []).map { name, field -> (String, TextTemplate?) in
                (Escaping.url.escape(name), field.template(.url, names))
            }
            return .form(fields.compactMap { name, value in value.map { (name, $0) } })
        case (let body?, .some):
            body.flaw("only one of body and form may be there")
            return .none
        case (nil, nil): return .none
        }
    }

    private func headers(_ place: FilePlace) -> [(name: String, value: TextTemplate)] {
        var seen: Set<String> = []
        return (place.members() ?? []).compactMap { name, header in
            let lower = name.lowercased()
            if name.isEmpty || !name.utf8.allSatisfy(Self.isToken) {
                header.flaw("a header's name has letters, digits and - only")
            } else if Self.reserved.contains(lower) {
                header.flaw("is set by kefu itself")
            } else if !seen.insert(lower).inserted {
                header.flaw("stands there twice")
            } else if let text = header.text() {
                guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                    header.flaw("must be visible ASCII and spaces")
                    return nil
                }
                return header.template(text, .header, names).map { (name, $0) }
            }
            return nil
        }
    }

    private static let reserved: Set<String> = [
        "content-length", "transfer-encoding", "connection", "host", "expect", "te", "upgrade", "webhook-id",
        "webhook-timestamp", "webhook-signature",
    ]

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Scheme and host are the file's, or one variable's of the environment: no value of a task leads elsewhere.
    private func url(_ place: FilePlace) -> TextTemplate? {
        guard var text = place.text() else { return nil }
        if text.hasPrefix("{{env."), let end = text.firstRange(of: "}}") {
            let name = String(text[text.index(text.startIndex, offsetBy: 6)..<end.lowerBound])
            if let detail = names.flaw(of: "env.\(name)") {
                place.flaw(detail)
                return nil
            }
            let base = environment[name] ?? ""
            if let flaw = Self.flaw(ofBase: base) {
                place.flaw("the value of \(name) \(flaw)")
                return nil
            }
            let rest = text[end.upperBound...]
            // `http://h/` and `/path` make one slash.
            text = (base.hasSuffix("/") && rest.hasPrefix("/") ? String(base.dropLast()) : base) + rest
        }
        if let flaw = Self.flaw(ofURL: text) {
            place.flaw(flaw)
            return nil
        }
        return place.template(text, .url, names)
    }

    private static func flaw(ofBase base: String) -> String? {
        if base.contains("{") { return "must not hold {" }
        return flaw(ofURL: base)
    }

    private static func flaw(ofURL text: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else {
            return "must begin with http://, https://, or {{env.NAME}} of such an address"
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "must be visible ASCII without spaces; percent-encode what is not"
        }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        if authority.contains("{") { return "must name its host as it is, or by {{env.NAME}} at the very beginning" }
        if authority.contains("@") { return "must be without user and password" }
        guard authority.utf8.allSatisfy({ isToken($0) || ".:[]".utf8.contains($0) }) else {
            return "must name a host of letters, digits, - and ."
        }
        return authority.isEmpty || authority.hasPrefix(":") ? "must name a host" : nil
    }
}
