import KefuCore

// The pages for people, and what they may ask of whoever looks at them.
extension APIRoutes {
    func page(_ request: Request) async throws(APIError) -> Answer {
        Assets.index.answer(unlessMatching: request.ifNoneMatch)
    }

    func documentation(_ request: Request) async throws(APIError) -> Answer {
        Assets.documentation.answer(unlessMatching: request.ifNoneMatch)
    }

    func description(_ request: Request) async throws(APIError) -> Answer {
        Assets.description.answer(unlessMatching: request.ifNoneMatch)
    }

    func asset(_ request: Request) async throws(APIError) -> Answer {
        guard let asset = request.pathArgument.flatMap(Assets.named) else { throw .unknownPath }
        return asset.answer(unlessMatching: request.ifNoneMatch)
    }

    /// Without configured tokens everybody may do everything.
    func access(_ request: Request) async throws(APIError) -> Answer {
        let caller = request.caller
        let role = caller?.role ?? .admin
        let permissions: [(String, Permission)] = [
            ("tasks", .tasks), ("events", .events), ("read", .read), ("admin", .admin),
        ]
        return .success("查询成功") { writer in
            writer.beginObject()
            writer.key("name")
            writer.string(caller?.name)
            writer.key("role")
            writer.string(role.rawValue)
            writer.key("anonymous")
            writer.bool(caller == nil)
            writer.key("may")
            writer.beginObject()
            for (word, permission) in permissions {
                writer.key(word)
                writer.bool(permission.allows(role))
            }
            writer.endObject()
            writer.endObject()
        }
    }
}
