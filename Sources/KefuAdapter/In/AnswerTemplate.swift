import KefuCore

/// What a platform is answered: a JSON body or a plain text, over HTTP with a status.
struct AnswerTemplate: Sendable {
    static let statuses = [200, 202, 400, 401, 403, 404, 409, 413, 429, 500, 503]

    enum Content: Sendable {
        case json(BodyTemplate)
        case text(String)
    }

    var status: Int
    var content: Content

    init?(_ place: FilePlace, _ names: TemplateNames, status usual: Int = 200) {
        guard let object = place.object("status", "body", "text") else { return nil }
        status = usual
        if let place = object["status"] {
            let number = place.number(200...599).map { Int($0) }
            if let number, !Self.statuses.contains(number) {
                place.flaw("must be one of: \(Self.statuses.map(String.init).joined(separator: ", "))")
            }
            status = number ?? usual
        }
        switch (object["body"], object["text"]) {
        case (let body?, nil):
            guard let body = body.body(names, mayPoint: true) else { return nil }
            content = .json(body)
        case (nil, let text?):
            guard let text = text.text() else { return nil }
            content = .text(text)
        default:
            place.flaw("must have exactly one of: body, text")
            return nil
        }
    }

    func render(_ values: TemplateValues, frame: JSONValue?) -> [UInt8] {
        switch content {
        case .json(let body): body.render(values, frame: frame)
        case .text(let text): Array(text.utf8)
        }
    }

    var isJSON: Bool { if case .json = content { true } else { false } }

    var needsFrame: Bool { if case .json(let body) = content { body.needsFrame } else { false } }
}
