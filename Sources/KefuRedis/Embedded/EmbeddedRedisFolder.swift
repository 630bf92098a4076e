import Foundation

/// The files of an embedded Redis. Only the user who made the folder can enter it.
struct EmbeddedRedisFolder {
    /// Absolute.
    let path: String

    var socket: String { "\(path)/redis.sock" }
    var log: String { "\(path)/redis.log" }
    var settings: String { "\(path)/redis.conf" }
    /// Held while somebody starts, joins or leaves.
    var doorLock: String { "\(path)/door.lock" }
    /// Held, shared, by every instance that uses this Redis.
    var usersLock: String { "\(path)/users.lock" }
    /// Held by the server itself.
    var aliveLock: String { "\(path)/server.lock" }

    /// Makes the folder when it is missing.
    ///
    /// - Throws: ``EmbeddedRedis/Failure`` also when the path is too long for a socket in it.
    init(_ path: String) throws(EmbeddedRedis.Failure) {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        self.path = absolute
        let longest = RedisEndpoint.longestSocketPath - "/redis.sock".utf8.count
        guard absolute.utf8.count <= longest else {
            throw EmbeddedRedis.Failure(
                "the path of the data folder has \(absolute.utf8.count) bytes, a unix socket in it allows \(longest): "
                    + "set KEFU_DATA_DIR to a shorter one than '\(absolute)'")
        }
        do {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: absolute, isDirectory: &isFolder), isFolder.boolValue { return }
            try FileManager.default.createDirectory(
                atPath: absolute, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            throw EmbeddedRedis.Failure(
                "cannot make the data folder '\(absolute)': \((cause ?? error as NSError).localizedDescription) "
                    + "(set KEFU_DATA_DIR to one that this user may write)")
        }
    }

    /// What Redis is told. It is written before every start, so that people can read it.
    func writeSettings() throws(EmbeddedRedis.Failure) {
        let lines = [
            "# Written by kefu before every start of this Redis: what is changed here is lost.",
            "dir \(Self.quote(path))", "unixsocket \(Self.quote(socket))", "unixsocketperm 700", "port 0",
            "daemonize yes", "pidfile \(Self.quote("\(path)/redis.pid"))", "logfile \(Self.quote(log))",
            "# An acknowledged write survives a kill of every process; the loss of power may cost a second.",
            "appendonly yes", "appendfsync everysec", #"save """#,
            "# A full Redis refuses new tasks; it never forgets old ones.",
            "maxmemory-policy noeviction",
            "# Task records stay in the compact form.", "hash-max-listpack-value 1024", "",
        ]
        do {
            try lines.joined(separator: "\n").write(toFile: settings, atomically: true, encoding: .utf8)
        } catch {
            throw EmbeddedRedis.Failure("cannot write '\(settings)': \(error)")
        }
    }

    /// For people who ask why a server did not start.
    var lastLogLine: String {
        // Without a log there is nothing to add.
        guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return "no log" }
        return text.split(separator: "\n").last.map { String($0) } ?? "an empty log"
    }

    /// SIGTERM, for a server that is known to live: it ends in order, and at once while it still loads its data.
    func terminateServer() {
        // `try?`: not written yet, or gone already; then whoever waits for its end says what came of it.
        guard let text = try? String(contentsOfFile: "\(path)/redis.pid", encoding: .utf8),
            let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)),
            let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8), name.contains("redis")
        else { return }
        kill(pid, SIGTERM)
    }

    /// As Redis reads a quoted word of its settings.
    static func quote(_ text: String) -> String {
        let bytes = text.utf8.map { byte -> String in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\\(UnicodeScalar(byte))"
            case 0x20..<0x7F: "\(UnicodeScalar(byte))"
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return "\"\(bytes.joined())\""
    }
}
