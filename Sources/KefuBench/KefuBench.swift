import ArgumentParser
import Foundation

/// Measures a release build of `kefu serve` from outside: each workload starts a private Redis and a Kefu of its own,
/// loads them over HTTP, and plays the gateway and the receiver of callbacks.
@main
struct KefuBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures what Kefu costs; prints a Markdown table and writes the figures as JSON.",
        discussion: "Workloads: " + Workload.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ") + ".")

    @Option(help: "Only these workloads, separated by commas.")
    var only: String?

    @Option(help: "How long each loop is measured; 1 to 20.")
    var seconds = 5

    @Option(help: "Where the figures go as JSON; default bench-results/<time>.json.")
    var json: String?

    @Option(help: "The kefu to measure.")
    var kefu = ".build/release/kefu"

    func validate() throws {
        guard (1...20).contains(seconds) else { throw ValidationError("--seconds is 1 to 20") }
        let known = Workload.all.map(\.name)
        for name in chosen ?? [] where !known.contains(name) {
            throw ValidationError("no workload \(name); there are \(known.joined(separator: ", "))")
        }
    }

    func run() throws {
        Interruption.listen()
        var report = Report()
        var startUps: [Int64] = []
        for workload in Workload.all where chosen?.contains(workload.name) ?? true {
            Self.progress("\(workload.name): \(workload.summary) …")
            let stage = try Stage(kefu: kefu, withPlatform: workload.needsPlatform)
            defer { stage.close() }
            startUps.append(stage.startUp)
            report.figures += try workload.run(stage, seconds)
            try stage.kefu.checkRunning()
        }
        let median = startUps.sorted()[startUps.count / 2]
        report.figures.append(
            Figure(workload: "start", name: "until healthy, median", value: Double(median) / 1e6, unit: "ms"))
        print(report.markdown)
        Self.progress("figures: \(try report.write(to: json))")
    }

    private var chosen: [String]? { only.map { $0.split(separator: ",").map(String.init) } }

    private static func progress(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
