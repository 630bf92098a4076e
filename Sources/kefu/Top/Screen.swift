import Glibc
import Synchronization

/// The whole terminal, taken over for a while: the alternate screen, no cursor, keys as they are pressed. ``close()``
/// gives it back as it was; so does the end of the last reference. Ctrl-C stays a signal, Ctrl-Z and Ctrl-\ do nothing,
/// because they would leave the terminal like this.
final class Screen: Sendable {
    // DEC private modes, as xterm documents them: 1049 alternate screen, 25 cursor, 7 wrapping; 2026: one update.
    private static let opening = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    private static let closing = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// What the input was; nil when it is no terminal, or has been given back.
    private let before: Mutex<termios?>
    private let isOpen = Mutex(true)

    init() {
        var mode = termios()
        if isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &mode) == 0 {
            before = Mutex(mode)
            mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
            withUnsafeMutableBytes(of: &mode.c_cc) { keys in
                keys[Int(VMIN)] = 1
                keys[Int(VTIME)] = 0
                // `_POSIX_VDISABLE` is 0 here.
                keys[Int(VSUSP)] = 0
                keys[Int(VQUIT)] = 0
            }
            tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        } else {
            before = Mutex(nil)
        }
        Output.write(Self.opening)
    }

    deinit { close() }

    /// Draws as many lines as there are rows over what stands there, in one write, so that nothing flickers. Each row
    /// is emptied before it is written: behind a full one, the cursor still stands on its last character.
    func draw(_ lines: [String]) {
        let picture = lines.map { "\u{1B}[K\($0)" }.joined(separator: "\r\n")
        Output.write("\u{1B}[?2026h\u{1B}[H\(picture)\u{1B}[?2026l")
    }

    func close() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard wasOpen else { return }
        Output.write(Self.closing)
        before.withLock { before in
            guard var mode = before.take() else { return }
            // What was typed meanwhile is not for the shell.
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &mode)
        }
    }
}
