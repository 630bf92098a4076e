import Foundation

/// What the figures depend on besides Kefu's code. What cannot be found out is `unknown`: it is only shown.
struct Machine: Codable {
    let processor: String
    let cores: Int
    let memoryMB: Int
    let kernel: String
    let redis: String
    let kefu: String
    /// Of the source tree that the benchmark was started in.
    let commit: String
    let swift: String

    /// - Parameter kefu: the binary that is measured.
    init(kefu binary: String) {
        processor = Self.processorName
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryMB = Int(ProcessInfo.processInfo.physicalMemory / 1_000_000)
        kernel = Self.firstLine("uname", "-sr")
        let version = Self.firstLine("redis-server", "--version").split(separator: " ").first { $0.hasPrefix("v=") }
        redis = version.map { String($0.dropFirst(2)) } ?? "unknown"
        kefu = Self.firstLine(binary, "--version")
        commit = Self.firstLine("git", "describe", "--always", "--dirty")
        swift = Self.firstLine("swift", "--version")
    }

    var text: String { "\(processor), \(cores) cores, \(kernel), Redis \(redis), Kefu \(kefu) (\(commit))" }

    private static func firstLine(_ program: String, _ arguments: String...) -> String {
        do throws(BenchError) {
            let path = program.contains("/") ? program : try ChildProcess.find(program)
            let printed = try ChildProcess.output(of: path, arguments, seconds: 5)
            return printed.split(whereSeparator: \.isNewline).first.map { String($0) } ?? "unknown"
        } catch {
            // A tool that is missing or fails leaves its fact unknown.
            return "unknown"
        }
    }

    private static var processorName: String {
        // Absent on some machines.
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }
}
