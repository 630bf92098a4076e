import Foundation

/// All figures of one run, with the machine they were measured on and the settings.
struct Report: Codable {
    let at: String
    let machine: Machine
    let settings: Settings
    private(set) var figures: [Series] = []

    /// What was measured how.
    struct Settings: Codable {
        let seconds: Int
        let repetitions: Int
        /// What each workload sets beside ``kefu``.
        let workloads: [String: [String: String]]
        /// The environment of every instance; ports and paths change.
        let kefu: [String: String]
        let redis: [String]
    }

    init(machine: Machine, settings: Settings) {
        at = ISO8601DateFormatter().string(from: Date())
        self.machine = machine
        self.settings = settings
    }

    /// Adds what one repetition measured; figures of one workload stay together.
    mutating func add(_ figures: [Figure], of workload: String) {
        for figure in figures {
            let first = Series(figure, of: workload)
            if let index = self.figures.firstIndex(where: first.isSame) {
                self.figures[index].add(figure.value)
            } else {
                let last = self.figures.lastIndex { $0.workload == workload }
                self.figures.insert(first, at: last.map { $0 + 1 } ?? self.figures.endIndex)
            }
        }
    }

    var markdown: String {
        var lines = [
            "\(machine.text); \(at); \(settings.repetitions) × \(settings.seconds) s", "",
            "| workload | figure | median | min–max | unit | goal |", "|---|---|--:|--:|---|---|",
        ]
        for series in figures {
            let cells = [
                series.workload, series.name, series.median.shown, series.spread, series.unit, series.verdict,
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        return lines.joined(separator: "\n")
    }

    static func read(_ path: String) throws(BenchError) -> Report {
        do {
            return try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw BenchError("cannot read the figures in \(path): \(error.localizedDescription)")
        }
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
            try encoder.encode(self).write(to: file, options: .atomic)
        } catch {
            throw BenchError("cannot write \(file.path): \(error.localizedDescription)")
        }
        return file.relativePath
    }
}
