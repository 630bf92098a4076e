import Foundation

/// A process that a test started, with its two output streams in files of a folder of its own.
///
/// It ends when the test ends it, or when the test process ends in whatever way: a shell beside it waits for the end
/// of a pipe that only this process holds, then kills it, kills a Redis that it may have left in its folder, and
/// removes the folder.
package final class Child: Sendable {
    /// `$1`: the folder; the rest: the program and its arguments. Ends with the program's own status. The pipe comes
    /// as descriptor 3, because the shell takes the standard input away from what runs in the background.
    private static let script = """
        folder=$1; shift; cd "$folder"; exec 3<&0
        "$@" >out 2>err <in 3<&- & child=$!
        echo $child >pid.new; mv pid.new pid
        (
          read -r _ <&3 || { trap '' TERM; abandoned=1; }
          kill -9 $child 2>/dev/null
          if test -n "$abandoned"; then
            for file in $(find "$folder" -name redis.pid); do
              redis=$(cat "$file"); case $(cat /proc/$redis/comm) in redis-server) kill -9 $redis;; esac
            done
            rm -rf "$folder"
          fi
        ) 2>/dev/null & watch=$!
        wait $child; status=$?
        kill $watch; wait $watch
        exit $status
        """

    /// The program's.
    package let pid: Int32
    /// Its working directory; `out` and `err` hold what it wrote.
    package let folder: String
    private let shell: Process
    private let orders: FileHandle

    /// - Parameters:
    ///   - folder: an existing one, not used by another process; nil: a new one.
    ///   - environment: nothing else is passed on but `PATH`.
    package static func start(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = "",
        folder: String? = nil
    ) async throws -> Child {
        let folder = try folder ?? PrivateRedis.makeFolder()
        let pidFile = "\(folder)/pid"
        if FileManager.default.fileExists(atPath: pidFile) { try FileManager.default.removeItem(atPath: pidFile) }
        try input.write(toFile: "\(folder)/in", atomically: false, encoding: .utf8)
        let shell = Process()
        let pipe = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", script, "guardian", folder, program] + arguments
        shell.environment = environment.merging(["PATH": path]) { own, _ in own }
        shell.standardInput = pipe
        // The shell's remarks on what it was told to kill.
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        try await eventually("the process id is known") { FileManager.default.fileExists(atPath: pidFile) }
        guard let pid = Int32(try String(contentsOfFile: pidFile, encoding: .utf8).dropLast()) else {
            throw NotMet(description: "no process id in \(pidFile)")
        }
        return Child(pid: pid, folder: folder, shell: shell, orders: pipe.fileHandleForWriting)
    }

    private static var path: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin" }

    private init(pid: Int32, folder: String, shell: Process, orders: FileHandle) {
        self.pid = pid
        self.folder = folder
        self.shell = shell
        self.orders = orders
    }

    package var isRunning: Bool { shell.isRunning }

    /// What it has written so far.
    package var output: String { read("out") }
    package var complaints: String { read("err") }

    private func read(_ name: String) -> String {
        // Not UTF-8, or gone: nothing that a test looks for.
        (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
    }

    /// Does nothing when it has ended.
    package func signal(_ number: Int32) { if isRunning { kill(pid, number) } }

    /// Waits for its end.
    ///
    /// - Returns: its exit status; 128 and the signal's number when a signal ended it.
    @discardableResult
    package func end(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await eventually(within: limit, "the end of process \(pid)") { !isRunning }
        return shell.terminationStatus
    }

    /// `kill -9`, and waits until it is gone.
    package func kill9() async throws {
        signal(SIGKILL)
        try await end()
    }

    /// Ends it, if need be, and removes its folder, if it is to.
    package func dispose(removing: Bool = true) async throws {
        if isRunning {
            try orders.write(contentsOf: Data("end\n".utf8))
            try await end()
        }
        try orders.close()
        if removing { try FileManager.default.removeItem(atPath: folder) }
    }
}

/// How a command ended.
package struct Outcome: Sendable {
    package var status: Int32
    package var output: String
    package var complaints: String
}

extension Child {
    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = "",
        within limit: Duration = .seconds(30)
    ) async throws -> Outcome {
        let child = try await start(program, arguments, environment: environment, input: input)
        do {
            let status = try await child.end(within: limit)
            let outcome = Outcome(status: status, output: child.output, complaints: child.complaints)
            try await child.dispose()
            return outcome
        } catch {
            try await child.dispose()
            throw error
        }
    }
}
