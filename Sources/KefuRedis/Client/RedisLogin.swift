/// What a new connection does before it serves anyone. All steps leave in one write; the connection is ready when the
/// last is answered well. Decides without doing.
struct RedisLogin {
    enum Step: Equatable {
        case authenticate, selectDatabase, setName
        case loadScript(name: String)
        /// The last: refused while Redis loads its data, is busy, or wants a password.
        case ping
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

    init(_ endpoint: RedisEndpoint, scripts: [RedisScript], name: String) {
        var commands: [(Step, RESPCommand)] = []
        if let password = endpoint.password {
            let user = endpoint.user.map { [RedisArgument.string($0)] } ?? []
            commands.append((.authenticate, .plain(["AUTH"] + user + [.string(password)])))
        }
        if endpoint.database != 0 {
            commands.append((.selectDatabase, .plain(["SELECT", .integer(Int64(endpoint.database))])))
        }
        commands.append((.setName, .plain(["CLIENT", "SETNAME", .string(name)])))
        for script in scripts {
            commands.append((.loadScript(name: script.name), .plain(["SCRIPT", "LOAD", .string(script.text)])))
        }
        commands.append((.ping, .plain(["PING"])))
        self.commands = commands
    }

    mutating func take(_ reply: RESPValue, for step: Step) -> Verdict {
        switch (step, reply.error) {
        case (.ping, nil): return .done
        // The first word only: some servers repeat the arguments in their complaint.
        case (.authenticate, let error?): return .fail("signing in was refused (\(error.prefix))")
        case (.selectDatabase, let error?): return .fail("SELECT was refused: \(error)")
        case (.ping, let error?): return .fail("\(error)")
        // An ACL may forbid these; calls then go by EVAL.
        case (.setName, let error?): complaints.append("CLIENT SETNAME: \(error)")
        case (.loadScript(let name), let error?): complaints.append("SCRIPT LOAD \(name): \(error)")
        case (_, nil): break
        }
        return .goOn
    }
}
