import ArgumentParser
import Foundation
import KefuAdapter
import KefuCore

struct AdapterVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapter", abstract: "Look at an adapter's file: how a platform speaks.",
        subcommands: [CheckAdapter.self])
}

/// `kefu adapter check`: needs no instance and sends nothing.
struct CheckAdapter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say all that is wrong with an adapter's file, or show what it makes of samples.",
        discussion: """
            Nothing is sent. Variables of the file's list env that are not set here only cause a remark; secrets are
            shown as ***. A sample of an action has the contract's gateway body, of which only action has to be there.
            Ends with 0 when the file is valid and the samples would be taken and sent, or are ignored as the file says;
            with 1 when anything of a sample is refused; with 78 when the file is wrong.

            EXAMPLES
              kefu adapter check platform.json
              kefu adapter check platform.json --frame message.json
              kefu adapter check platform.json --action action.json --answer answer.json --status 200
            """)

    @Argument(help: "The adapter's file.") var file: String
    @Option(help: "A frame or a posted body of the platform.") var frame: String?
    @Option(help: "An action: {\"action\": {\"type\": \"send_message\", \"message\": \"…\"}}.") var action: String?
    @Option(help: "A callback: {\"task_id\": \"…\", \"status\": \"completed\"}.") var callback: String?
    @Option(help: "What the platform might answer to the action or the callback.") var answer: String?
    @Option(help: "The status of that answer; without one it is a frame.") var status: Int?
    @Option(help: ArgumentHelp("A file of NAME=value lines; the environment wins.", valueName: "file"))
    var config: String?

    func validate() throws {
        if status != nil, answer == nil { throw ValidationError("--status goes with --answer.") }
        if answer != nil, (action == nil) == (callback == nil) {
            throw ValidationError("--answer goes with either --action or --callback.")
        }
    }

    func run() async throws {
        let source = try Settings.orExit { try SettingsSource(configFile: config) }
        let adapter = try read(source)
        guard let zone = TimeZoneRules(name: source[.timeZone] ?? Settings.usualTimeZone) else {
            throw ValidationError("KEFU_TIMEZONE is not an IANA name.")
        }
        let rehearsal = Rehearsal(
            adapter, reader: RequestReader(timeZone: zone, eventLog: .seconds(60)), formatTime: { zone.text($0) })
        var lines = ["\(file): valid\(adapter.name.map { " · \($0)" } ?? "")"] + rehearsal.summary
        var isRefused = false
        if let frame {
            let finding = rehearsal.take(try Self.bytes(frame))
            isRefused = finding.isRefused
            lines += [""] + finding.lines
        }
        do throws(InputError) {
            if let action {
                let finding = try rehearsal.send(try Self.sample(action), gatewayURL: source[.gatewayURL])
                isRefused = isRefused || finding.isRefused
                lines += [""] + finding.lines
            }
            if let callback {
                let sample = try Self.sample(callback)
                lines += [""] + (try rehearsal.callBack(sample, callbackURL: source[.callbackURL]))
            }
        } catch {
            Self.write(lines)
            StandardError.line("kefu: \(error.field.map { "\($0): " } ?? "")\(Table.escaped(error.detail))")
            throw Exit.refused
        }
        if let answer { lines.append(try judge(try Self.bytes(answer), rehearsal)) }
        Self.write(lines)
        if isRefused { throw Exit.refused }
    }

    private static func write(_ lines: [String]) {
        Output.write(Array(lines.map { "\(Table.escaped($0))\n" }.joined().utf8))
    }

    private func judge(_ answer: [UInt8], _ rehearsal: Rehearsal) throws -> String {
        guard let action else { return rehearsal.judge(answer, status: status, to: nil) }
        let sample = try JSONDecoder().decode(JSONNode.self, from: Data(try Self.bytes(action)))
        return rehearsal.judge(answer, status: status, to: ActionKind(rawValue: sample["action"]["type"].text))
    }

    /// Ends the command with all that is wrong.
    private func read(_ source: SettingsSource) throws -> Adapter {
        var unset: [String] = []
        do throws(Adapter.Flaws) {
            let stand = { (name: String) -> String in
                unset.append(name)
                // A name of an address has to be one; any other value will do.
                return name.hasSuffix("URL") ? "http://\(name.lowercased().replacing("_", with: "-")).invalid" : "***"
            }
            let adapter = try Adapter(try contents(), missing: stand) { source.variable($0) }
            if adapter.needsGatewayURL, source[.gatewayURL] == nil { unset.append("KEFU_GATEWAY_URL") }
            if adapter.needsCallbackURL, source[.callbackURL] == nil { unset.append("TIANWANG_CALLBACK_URL") }
            if !unset.isEmpty {
                StandardError.line("kefu: not set here, but needed at the start: \(unset.joined(separator: ", "))")
            }
            return adapter
        } catch {
            for flaw in error.list { StandardError.line("kefu: \(Table.escaped("\(file): \(flaw)"))") }
            throw Exit.configuration
        }
    }

    private func contents() throws(Adapter.Flaws) -> [UInt8] {
        guard let bytes = Self.whole(file) else {
            throw Adapter.Flaws(list: [AdapterFlaw(path: "", detail: "cannot be read")])
        }
        return bytes
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        guard let bytes = whole(path) else { throw ValidationError("\(path) cannot be read.") }
        return bytes
    }

    /// All of a file or a pipe; nil when it cannot be read.
    private static func whole(_ path: String) -> [UInt8]? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        do { return [UInt8](try file.readToEnd() ?? Data()) } catch { return nil }
    }

    private static func sample(_ path: String) throws(InputError) -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw InputError(.validation, field: path, detail: "cannot be read")
        }
        return [UInt8](bytes)
    }
}
