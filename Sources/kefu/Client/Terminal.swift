import ArgumentParser
import Glibc

/// What the standard output is, when people read it directly.
enum Terminal {
    struct Size: Equatable, Sendable {
        var columns: Int
        var rows: Int
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// nil when the standard output is no terminal, or one that does not say.
    static var size: Size? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}

/// `--color`: whether to write colours.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never

    /// `auto` means a terminal that has colours, unless `NO_COLOR` asks for none (no-color.org: set and not empty).
    func isOn(isTerminal: Bool, environment: (String) -> String?) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto:
            isTerminal && (environment("NO_COLOR") ?? "").isEmpty && !["dumb", ""].contains(environment("TERM") ?? "")
        }
    }

    var paint: Paint {
        Paint(isOn: isOn(isTerminal: Terminal.isTerminal) { name in getenv(name).map { String(cString: $0) } })
    }
}

/// Colours of a terminal (ECMA-48, `SGR`): the eight that every palette has, so that they suit light and dark ones.
struct Paint: Equatable, Sendable {
    enum Color: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case blue = "34"
        case cyan = "36"
        case urgent = "1;31"
        case reversed = "7"
    }

    var isOn: Bool

    func callAsFunction(_ text: String, _ color: Color?) -> String {
        guard isOn, let color, !text.isEmpty else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }

    /// Of a state or a priority, by its word; nil for any other.
    static func color(of word: String) -> Color? {
        switch word {
        case "waiting", "pending": .cyan
        case "running": .blue
        case "completed": .green
        case "failed": .red
        case "cancelled": .dim
        case "urgent": .urgent
        case "high": .yellow
        default: nil
        }
    }
}
