import Foundation

/// A process that the benchmark starts, measures and ends.
final class ChildProcess {
    let id: pid_t
    private let process = Process()
    private let name: String
    private let output: URL

    /// - Parameter output: the file that takes what the process prints.
    init(_ executable: String, _ arguments: [String], environment: [String: String], output: URL) throws(BenchError) {
        name = URL(fileURLWithPath: executable).lastPathComponent
        self.output = output
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment.merging(["PATH": Self.searchPath]) { own, _ in own }
        do {
            try Data().write(to: output)
            let log = try FileHandle(forWritingTo: output)
            process.standardOutput = log
            process.standardError = log
            try process.run()
        } catch {
            throw BenchError("cannot start \(executable): \(error.localizedDescription)")
        }
        id = process.processIdentifier
    }

    static var searchPath: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin" }

    static func find(_ name: String) throws(BenchError) -> String {
        for folder in searchPath.split(separator: ":") {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw BenchError("\(name) is not installed")
    }

    /// What a program prints that ends by itself.
    ///
    /// - Parameter seconds: when it is ended, which is an error, as every exit but 0 is.
    static func output(of executable: String, _ arguments: [String], seconds: Int) throws(BenchError) -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("kefu-bench-\(getpid()).out")
        defer { try? FileManager.default.removeItem(at: file) }  // a leftover there harms nobody
        let child = try ChildProcess(executable, arguments, environment: [:], output: file)
        for _ in 0..<(seconds * 100) where child.process.isRunning {
            guard !Interruption.isAsked else { break }
            usleep(10_000)
        }
        let wasRunning = child.process.isRunning
        child.stop()
        try Interruption.check()
        guard !wasRunning, child.process.terminationStatus == 0 else {
            throw BenchError("\(child.name) \(wasRunning ? "takes too long" : "failed"): \(child.printed.suffix(2000))")
        }
        return child.printed
    }

    /// Throws, with the last that it printed, when the process has ended by itself.
    func checkRunning() throws(BenchError) {
        guard !process.isRunning else { return }
        throw BenchError("\(name) ended with \(process.terminationStatus)\n\(printed.suffix(2000))")
    }

    /// How the process ended matters more than its log, so an unreadable one is empty.
    private var printed: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    /// Memory in use, bytes.
    var residentBytes: Int64 { status("VmRSS") }

    /// The most memory that was in use at any time, bytes.
    var peakBytes: Int64 { status("VmHWM") }

    /// A line of `/proc/<id>/status`, which counts in kB; 0 when the process has gone.
    private func status(_ field: String) -> Int64 {
        // Absent then.
        let text = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        let number = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        return (number.flatMap { Int64($0) } ?? 0) * 1024
    }

    /// Asks the process to end, and ends it when it has not after `patience` seconds.
    func stop(patience: Int = 5) {
        process.terminate()
        for _ in 0..<(patience * 100) where process.isRunning { usleep(10_000) }
        if process.isRunning { kill(id, SIGKILL) }
        process.waitUntilExit()
    }
}
