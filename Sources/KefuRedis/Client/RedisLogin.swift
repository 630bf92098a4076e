/// What a new connection does before it serves anyone. All steps leave in one write; the connection is ready when the
/// last is answered well. Decides without doing.
struct RedisLogin {
    enum Step: Equatable {
        case authenticate, selectDatabase, setName
        /// Whether it is a primary.
        case role(mustTell: Bool)
        case loadScript(name: String)
        /// Whether the user may run what the scripts call.
        case rights
        /// The last: refused while Redis loads its data, is busy, or wants a password.
        case ping
        /// The last with a sentinel: which address it has for the primary of this name.
        case locatePrimary(name: String)
    }

    enum Verdict: Equatable {
        case goOn
        case done
        /// Why in English, without secrets.
        case fail(String)
    }

    let commands: [(step: Step, command: RESPCommand)]
    /// What did not work and can be done without, in English.
    private(set) var complaints: [String] = []
    /// What the sentinel said.
    private(set) var primary: RedisEndpoint.Address?

    init(_ endpoint: RedisEndpoint, scripts: [RedisScript], name: String, role: RedisRoute.Role = .any) {
        var commands = Self.authentication(endpoint)
        if endpoint.database != 0 {
            commands.append((.selectDatabase, .plain(["SELECT", .integer(Int64(endpoint.database))])))
        }
        switch role {
        case .any: break
        case .primaryIfTold: commands.append((.role(mustTell: false), .plain(["ROLE"])))
        case .primary: commands.append((.role(mustTell: true), .plain(["ROLE"])))
        }
        commands.append((.setName, .plain(["CLIENT", "SETNAME", .string(name)])))
        let rights = scripts.reduce(into: Set()) { $0.formUnion($1.rights) }
        if !rights.isEmpty { commands.append((.rights, Self.question(about: rights))) }
        for script in scripts {
            commands.append((.loadScript(name: script.name), .plain(["SCRIPT", "LOAD", .string(script.text)])))
        }
        commands.append((.ping, .plain(["PING"])))
        self.commands = commands
    }

    /// Signs in to a sentinel and asks it one thing.
    init(asking sentinel: RedisEndpoint, forPrimary name: String) {
        let question = RESPCommand.plain(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", .string(name)])
        commands = Self.authentication(sentinel) + [(.locatePrimary(name: name), question)]
    }

    /// Asks Redis which of the commands this user may not run: a script that is refused one has already written.
    private static func question(about rights: Set<String>) -> RESPCommand {
        // The name stands for all arguments: some commands look for keys behind the first, and Redis 7.0.15 crashes
        // when there is nothing.
        let script = """
            local refused = {}
            for name in string.gmatch(redis.acl_check_cmd and ARGV[1] or '', '%a+') do
              if not redis.acl_check_cmd(name, KEYS[1], KEYS[1], KEYS[1], KEYS[1]) then
                refused[#refused + 1] = name
              end
            end
            return refused
            """
        let key = Keys().prefix + "rights"
        // In one argument: a client that has not signed in yet is cut off at more than ten.
        let names = rights.sorted().joined(separator: " ")
        return .plain(["EVAL", .string(script), 1, .string(key), .string(names)])
    }

    private static func authentication(_ endpoint: RedisEndpoint) -> [(step: Step, command: RESPCommand)] {
        guard let password = endpoint.password else { return [] }
        let user = endpoint.user.map { [RedisArgument.string($0)] } ?? []
        return [(.authenticate, .plain(["AUTH"] + user + [.string(password)]))]
    }

    static func unknownPrimary(_ name: String) -> String { "the sentinels know no primary named '\(name)'" }

    mutating func take(_ reply: RESPValue, for step: Step) -> Verdict {
        switch (step, reply.error) {
        case (.ping, nil): return .done
        case (.role(let mustTell), let error): return take(role: reply, error, mustTell: mustTell)
        case (.locatePrimary(let name), nil): return take(address: reply, of: name)
        // The first word only: some servers repeat the arguments in their complaint.
        case (.authenticate, let error?): return .fail("signing in was refused (\(error.prefix))")
        case (.selectDatabase, let error?): return .fail("SELECT was refused: \(error)")
        case (.ping, let error?), (.locatePrimary, let error?): return .fail("\(error)")
        case (.rights, let error?):
            // The same words will come for the last step, which tells them.
            return error.has(prefix: "NOPERM") ? .fail("\(error)") : .goOn
        case (.rights, nil):
            let refused = (reply.array ?? []).compactMap(\.text)
            if refused.isEmpty { return .goOn }
            return .fail("NOPERM the user may not run \(refused.joined(separator: ", ").lowercased())")
        // An ACL may forbid these; calls then go by EVAL.
        case (.setName, let error?): complaints.append("CLIENT SETNAME: \(error)")
        case (.loadScript(let name), let error?): complaints.append("SCRIPT LOAD \(name): \(error)")
        case (_, nil): break
        }
        return .goOn
    }

    private mutating func take(role reply: RESPValue, _ error: RESPError?, mustTell: Bool) -> Verdict {
        if let error {
            // The same words will come for the last step, which tells them.
            guard error.has(prefix: "NOPERM") || error.has(prefix: "ERR") else { return .goOn }
            if mustTell { return .fail("ROLE was refused, without which a primary is not known: \(error)") }
            complaints.append("ROLE: \(error)")
            return .goOn
        }
        let row = reply.array ?? []
        switch row.first?.text {
        case "master": return .goOn
        case "slave":
            let of = row.count > 2 ? " of \(row[1].text ?? ""):\(row[2].integer ?? 0)" : ""
            return .fail("this server is a replica\(of)")
        case "sentinel": return .fail("this server is a sentinel: REDIS_URL must begin with redis+sentinel://")
        default: return mustTell ? .fail("ROLE is answered with nonsense") : .goOn
        }
    }

    private mutating func take(address reply: RESPValue, of name: String) -> Verdict {
        guard let parts = reply.array, parts.count == 2, let host = parts[0].text,
            let port = parts[1].text.flatMap({ Int($0) }), (1...65_535).contains(port), !host.isEmpty
        else { return .fail(reply == .null ? Self.unknownPrimary(name) : "no address in a sentinel's answer") }
        primary = .tcp(host: host, port: port)
        return .done
    }
}
