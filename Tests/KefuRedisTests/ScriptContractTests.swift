import Foundation
import KefuCore
import Testing

@testable import KefuRedis

// The header of each script, its code and its Swift face must say the same.

@Suite struct ScriptContractTests {
    static let allowOOM: Set<String> = [
        "cancel", "retry", "claim", "renew", "finish", "release", "sweep", "settle_callback", "replay_callbacks",
        "heartbeat", "leave", "inspect", "rearm", "fence", "hold_connector", "release_connector",
    ]
    static let noWrites: Set<String> = ["status", "list", "stats", "history", "callbacks", "recount"]

    @Test func `Every file is a script that the store knows, and every script a file`() {
        #expect(TestStore.scripts.all.map(\.name).sorted() == ScriptText.all.map(\.name))
    }

    @Test(arguments: ScriptText.all)
    func `The first line says what a full or read-only Redis may do with it`(script: ScriptText) {
        let flags = Self.allowOOM.contains(script.name) ? " flags=allow-oom" : ""
        #expect(script.shebang == (Self.noWrites.contains(script.name) ? "#!lua flags=no-writes" : "#!lua" + flags))
    }

    @Test(arguments: TestStore.scripts.all.map(\.name))
    func `What is sent is the first line, the blocks of the prelude that are needed, and the rest`(name: String) throws
    {
        let sent = try #require(ScriptLibrary.production.all.first { $0.name == name }).text
        let file = ScriptText(name: name)
        #expect(sent.hasPrefix(file.shebang + "\n"))
        #expect(sent.contains("local P = ARGV[1]"))
        #expect(sent.contains("local function clock()") == file.code.contains(#/\bclock\(/#))
        for line in file.code.split(separator: "\n") where !line.contains(#/^ *--/#) { #expect(sent.contains(line)) }
    }

    @Test(arguments: ScriptText.all)
    func `The header names keys and arguments in order, replies, invariant and cost`(script: ScriptText) {
        #expect(script.header.first?.hasPrefix(" \(script.name): ") == true)
        for word in ["KEYS", "ARGV"] {
            let list = script.list(word)
            #expect(!list.isEmpty)
            #expect(list.map(\.number) == Array(1...max(1, list.count)))
            #expect(list.dropLast().allSatisfy { !$0.repeats })
        }
        #expect(script.list("ARGV").first?.name == "prefix")
        #expect(script.clause("Returns {") != nil)
        #expect(script.clause("Cost: O(") != nil)
        if !Self.noWrites.contains(script.name) { #expect(script.clause("Keeps: ") != nil) }
    }

    @Test(arguments: ScriptText.all)
    func `Every word that the code returns stands in the header`(script: ScriptText) throws {
        let returns = try #require(script.clause("Returns"))
        for match in script.code.matches(of: #/return \{ '(\w+)'/#) {
            #expect(returns.contains(String(match.1)), "\(match.1)")
        }
    }

    @Test(arguments: ScriptText.all)
    func `The code uses each argument that the header names`(script: ScriptText) {
        let arguments = script.list("ARGV")
        for argument in arguments.dropFirst() where !argument.repeats {
            // Lists that repeat may begin in a loop over all of ARGV.
            #expect(script.code.contains("ARGV[\(argument.number)]"), "\(argument.number) \(argument.name)")
        }
        let used = script.code.matches(of: #/ARGV\[(\d+)\]/#).compactMap { Int($0.1) }
        #expect((used.max() ?? 1) <= arguments.count)
        let keys = script.code.matches(of: #/KEYS\[(\d+)\]/#).compactMap { Int($0.1) }
        #expect((keys.max() ?? 1) <= script.list("KEYS").count)
    }

    @Test func `The clock is read in one place`() {
        #expect(ScriptText.prelude.code.components(separatedBy: ScriptLibrary.clockRead).count == 2)
        for script in ScriptText.all + ScriptText.shared {
            let reads = script.code.components(separatedBy: "TIME'").count - 1
            #expect(reads == (script.name == "prelude" ? 1 : 0))
            for word in ["os.time", "os.clock", "math.random"] { #expect(!script.code.contains(word)) }
        }
        for (sent, file) in zip(TestStore.scripts.all, ScriptLibrary.production.all) {
            #expect(!sent.text.contains(ScriptLibrary.clockRead))
            let reads = file.text.components(separatedBy: ScriptLibrary.clockRead).count - 1
            #expect(reads == (ScriptText(name: file.name).code.contains(#/\bclock\(/#) ? 1 : 0), "\(file.name)")
        }
    }

    @Test(arguments: ScriptText.all + ScriptText.shared)
    func `Values never become code, patterns or names of keys to search for`(script: ScriptText) {
        for word in ["pcall", "loadstring", "'KEYS'", "'SCAN'", "'SORT'", "cjson.encode"] {
            #expect(!script.code.contains(word), "\(word)")
        }
        for line in script.code.split(separator: "\n") {
            for match in line.matches(of: #/\bfind\(([^()]*(?:\([^()]*\))?[^()]*)\)/#) {
                let isPlain = match.1.hasSuffix(", true")
                #expect(isPlain || match.1.hasSuffix("'[%%:]'"), "\(line)")
            }
            for match in line.matches(of: #/(?:string\.match|gmatch|gsub)\(([^,]*), (.)/#) {
                #expect(match.2 == "'", "\(line)")
            }
        }
    }

    @Test(arguments: ScriptText.all.filter { noWrites.contains($0.name) })
    func `A script that only reads calls no command that writes`(script: ScriptText) {
        let reads: Set = [
            "HGETALL", "HMGET", "LRANGE", "ZRANGE", "ZREVRANGE", "ZREVRANK", "ZSCORE", "ZCARD", "ZCOUNT", "EXISTS",
        ]
        for match in script.code.matches(of: #/call\('(\w+)'/#) { #expect(reads.contains(String(match.1))) }
    }
}
