import TestSupport
import Testing

/// What `kefu completions` prints, in the shells that read it.
@Suite(.timeLimit(.minutes(2)))
struct CompletionsTests {
    /// What bash offers for the last of these words.
    private func completions(_ words: [String]) async throws -> [String] {
        let script = """
            set -eu
            PATH="$(dirname '\(try Instance.executable)'):$PATH"
            source <(kefu completions bash)
            set +u
            COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " ")))
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
            complete -p kefu | grep -q -- '-F _kefu '
            _kefu kefu "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || true
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let outcome = try await Child.run("/bin/bash", ["--norc", "-c", script])
        #expect(outcome.status == 0 && outcome.complaints == "", "\(outcome.complaints)")
        return outcome.output.split(separator: "\n").map { $0.trimmingPrefix(" ").prefix { $0 != " " } }.map {
            String($0)
        }
    }

    @Test func `bash completes verbs, options, states and priorities`() async throws {
        try await Site.alone {
            for (words, expected) in [
                (["st"], ["stats", "status"]), (["list", "--st"], ["--status"]),
                (["list", "--status", ""], ["cancelled", "completed", "failed", "running", "waiting"]),
                (["list", "--priority", "u"], ["urgent"]), (["tail", "--color", "a"], ["always", "auto"]),
                (["callbacks", "list", "--state", "d"], ["dead"]), (["completions", ""], ["bash", "fish", "zsh"]),
            ] {
                let offered = try await completions(["kefu"] + words)
                #expect(offered.sorted() == expected, "\(words)")
            }
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `each script names every verb, and bash reads its own without a complaint`(shell: String) async throws {
        try await Site.alone {
            let script = try await Child.run(try Instance.executable, ["completions", shell])
            #expect(script.status == 0 && script.complaints == "")
            for verb in ["serve", "send", "status", "tail", "doctor"] { #expect(script.output.contains(verb)) }
            guard shell == "bash" else { return }
            let read = try await Child.run("/bin/bash", ["-n"], input: script.output)
            #expect(read.status == 0 && read.complaints == "")
        }
    }

    @Test func `another shell is wrong usage`() async throws {
        try await Site.alone {
            let outcome = try await Child.run(try Instance.executable, ["completions", "tcsh"])
            #expect(outcome.status == 64)
        }
    }
}
