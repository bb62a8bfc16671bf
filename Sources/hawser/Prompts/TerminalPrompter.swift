// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization
import Wire

/// Asks the user on the terminal, whatever the standard streams are, or by the program that
/// `SSH_ASKPASS` names: ssh's rules decide which.
final class TerminalPrompter: Prompter {
    private let loop: EpollLoop
    private let askpass: AskpassRules
    /// How the terminal was before a question that must not be seen; nil between such questions.
    private let saved = Mutex<termios?>(nil)

    init(loop: EpollLoop, environment: [String: String] = [:]) {
        self.loop = loop
        askpass = AskpassRules(environment: environment)
    }

    func answer(to question: Question) async -> Secret? {
        let hasTerminal = (try? await loop.offload { Terminal.exists }) ?? false
        return switch askpass.way(for: question.kind, hasTerminal: hasTerminal) {
        case .terminal: try? await loop.offload { self.askBlocking(question) }
        case .program(let path):
            await AskpassProgram(path: path, loop: loop).answer(to: question)
        case .nobody: nil
        }
    }

    func show(_ message: String, level: LogLevel) {
        let prefix = level >= .debug1 ? "debug\(level.rawValue - LogLevel.verbose.rawValue): " : ""
        for line in message.split(separator: "\n") { Log.write(prefix + line) }
    }

    /// Makes the terminal show again what is typed, if a question has stopped it.
    func restoreTerminal() {
        saved.withLock { saved in
            guard var mode = saved else { return }
            saved = nil
            guard let terminal = Terminal() else { return }
            unsafe tcsetattr(terminal.number, TCSANOW, &mode)
        }
    }

    private func askBlocking(_ question: Question) -> Secret? {
        guard let terminal = Terminal() else { return nil }
        switch question.kind {
        case .visible: terminal.write(question.text)
        case .permission: terminal.write(question.text + " (yes/no) ")
        case .secret:
            hideInput(terminal)
            terminal.write(question.text)
        }
        let answer = terminal.readLine()
        if question.kind == .secret {
            restoreTerminal()
            terminal.write("\n")
        }
        return answer
    }

    private func hideInput(_ terminal: borrowing Terminal) {
        var mode = termios()
        guard unsafe tcgetattr(terminal.number, &mode) == 0 else { return }
        saved.withLock { $0 = mode }
        mode.c_lflag &= ~tcflag_t(ECHO)
        // What has been typed ahead was not meant for a secret question.
        unsafe tcsetattr(terminal.number, TCSAFLUSH, &mode)
    }
}

/// The terminal that controls this process, open.
private struct Terminal: ~Copyable {
    let number: CInt
    private static let answerBytes = 4096

    /// Nil where there is none.
    init?() {
        let number = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }

    static var exists: Bool { Terminal() != nil }

    func write(_ text: String) {
        let bytes = Array(TerminalText.message(text).utf8)
        _ = unsafe Glibc.write(number, bytes, bytes.count)
    }

    func readLine() -> Secret? { Secret(lineFrom: number, limit: Self.answerBytes) }
}

extension Secret {
    /// Reads a line, without its end, byte by byte, so that nothing of what follows is taken; blocks.
    ///
    /// Nil where the input ends before there is anything.
    convenience init?(lineFrom descriptor: CInt, limit: Int) {
        var line: [UInt8] = []
        // Grown later, it would leave parts of the secret behind.
        line.reserveCapacity(limit)
        defer { wipe(&line) }
        var byte: UInt8 = 0
        while line.count < limit {
            let count = unsafe read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count != 1 {
                guard count == 0, !line.isEmpty else { return nil }
                break
            }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        self.init(copying: line)
    }
}
