import ArgumentParser

struct CompletionsVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print a script that has a shell complete verbs, options and states.",
        discussion: """
            EXAMPLES
              kefu completions bash > ~/.local/share/bash-completion/completions/kefu
              kefu completions zsh > ~/.zfunc/_kefu    # with fpath+=~/.zfunc before compinit in ~/.zshrc
              kefu completions fish > ~/.config/fish/completions/kefu.fish
              source <(kefu completions bash)          # for this shell only
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var completing: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() { Output.write(Kefu.completionScript(for: shell.completing) + "\n") }
}
