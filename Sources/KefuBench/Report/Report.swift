import Foundation

/// All figures of one run, with the machine they were measured on.
struct Report: Codable {
    let at: String
    let machine: String
    var figures: [Figure] = []

    init() {
        at = ISO8601DateFormatter().string(from: Date())
        machine = "\(Self.processor), \(ProcessInfo.processInfo.activeProcessorCount) cores"
    }

    var markdown: String {
        var lines = ["\(machine), \(at)", "", "| workload | figure | value | unit | goal |", "|---|---|--:|---|---|"]
        for figure in figures {
            let goal = figure.atMost.map { "≤ \(Int($0)) \(figure.meetsGoal == true ? "✓" : "✗")" } ?? ""
            lines.append("| \(figure.workload) | \(figure.name) | \(figure.text) | \(figure.unit) | \(goal) |")
        }
        return lines.joined(separator: "\n")
    }

    /// - Returns: The path of the written file.
    func write(to path: String?) throws(BenchError) -> String {
        let name = at.replacingOccurrences(of: ":", with: "")
        let file = URL(fileURLWithPath: path ?? "bench-results/\(name).json")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try encoder.encode(self).write(to: file)
        } catch {
            throw BenchError("cannot write \(file.path): \(error)")
        }
        return file.relativePath
    }

    private static var processor: String {
        // Absent on some machines; the name is only shown.
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
    }
}
