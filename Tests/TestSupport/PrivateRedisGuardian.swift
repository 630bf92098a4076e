import Foundation

/// The shell beside a private server, which outlives the test process by a moment. Only ``PrivateRedis`` uses it.
struct RedisGuardian {
    /// `$1`: the folder; the rest: the server and its arguments. Reads one line, which names the folder to remove at
    /// the end, or is empty; without a line the test process has died.
    private static let script = """
        folder=$1; shift; cd "$folder"
        "$@" >>log 2>&1 </dev/null & server=$!
        echo $server >pid.new; mv pid.new pid
        read -r removed || removed=$folder
        kill -9 $server; wait $server
        cd /; test -z "$removed" || rm -rf "$removed"
        """

    /// The server's.
    let pid: Int32
    private let shell: Process
    private let orders: FileHandle

    static func start(folder: String, arguments: [String]) async throws -> RedisGuardian {
        let shell = Process()
        let pipe = Pipe()
        let pidFile = "\(folder)/pid"
        if FileManager.default.fileExists(atPath: pidFile) { try FileManager.default.removeItem(atPath: pidFile) }
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments =
            ["-c", script, "guardian", folder, "redis-server", "--port", "0", "--unixsocket", "\(folder)/s"]
            + ["--dir", folder, "--save", "", "--daemonize", "no"] + arguments
        shell.standardInput = pipe
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        try await eventually("the server's process id is known") { FileManager.default.fileExists(atPath: pidFile) }
        guard let pid = Int32(try String(contentsOfFile: pidFile, encoding: .utf8).dropLast()) else {
            throw NotMet(description: "no process id in \(pidFile)")
        }
        return RedisGuardian(pid: pid, shell: shell, orders: pipe.fileHandleForWriting)
    }

    /// Kills the server and waits until it is gone.
    ///
    /// - Parameter folder: removed as well unless empty.
    func end(removing folder: String) async throws {
        try orders.write(contentsOf: Data("\(folder)\n".utf8))
        try orders.close()
        try await eventually("the server is gone") { !shell.isRunning }
    }
}
