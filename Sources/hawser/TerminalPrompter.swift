// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig
import Synchronization

/// Asks the user on the terminal, whatever the standard streams are.
final class TerminalPrompter: Prompter {
    private let loop: EpollLoop
    /// How the terminal was before a question that must not be seen; nil between such questions.
    private let saved = Mutex<termios?>(nil)
    private static let answerBytes = 4096

    init(loop: EpollLoop) {
        self.loop = loop
    }

    func ask(_ question: String, echoes: Bool) async -> String? {
        try? await loop.offload { self.askBlocking(question, echoes: echoes) }
    }

    func show(_ message: String, level: LogLevel) {
        for line in message.split(separator: "\n") { Log.write(String(line)) }
    }

    /// Makes the terminal show again what is typed, if a question has stopped it.
    func restoreTerminal() {
        saved.withLock { saved in
            guard var mode = saved else { return }
            saved = nil
            let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
            guard terminal >= 0 else { return }
            unsafe tcsetattr(terminal, TCSANOW, &mode)
            close(terminal)
        }
    }

    private func askBlocking(_ question: String, echoes: Bool) -> String? {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        if !echoes { hideInput(terminal) }
        put(question, on: terminal)
        let answer = readLine(terminal)
        if !echoes {
            restoreTerminal()
            put("\n", on: terminal)
        }
        return answer
    }

    private func hideInput(_ terminal: CInt) {
        var mode = termios()
        guard unsafe tcgetattr(terminal, &mode) == 0 else { return }
        saved.withLock { $0 = mode }
        mode.c_lflag &= ~tcflag_t(ECHO)
        // What has been typed ahead was not meant for a secret question.
        unsafe tcsetattr(terminal, TCSAFLUSH, &mode)
    }

    private func put(_ text: String, on terminal: CInt) {
        let bytes = Array(text.utf8)
        _ = unsafe write(terminal, bytes, bytes.count)
    }

    /// A line without its end; nil where the input ends instead.
    private func readLine(_ terminal: CInt) -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < Self.answerBytes {
            let count = unsafe read(terminal, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }
}
