// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization

/// Answers the first question for a password by a line of the standard input (`password_stdin`).
///
/// All other questions go to the user.
final class PasswordFromInput: Prompter {
    private let loop: EpollLoop
    private let user: any Prompter
    private let isUsed = Mutex(false)

    /// The longest password, in bytes: sshfs's.
    private static let passwordBytes = 1024

    init(loop: EpollLoop, otherwise user: any Prompter) {
        self.loop = loop
        self.user = user
    }

    func answer(to question: Question) async -> Secret? {
        // "Password:", whoever asks; but a passphrase or a code is something else.
        guard question.kind == .secret, question.text.lowercased().contains("password") else {
            return await user.answer(to: question)
        }
        let isFirst = isUsed.withLock { isUsed in
            defer { isUsed = true }
            return !isUsed
        }
        // A program that wrote one password has no other.
        guard isFirst else { return nil }
        return try? await loop.offload {
            Secret(lineFrom: STDIN_FILENO, limit: Self.passwordBytes)
        }
    }

    func show(_ message: String, level: LogLevel) { user.show(message, level: level) }
}
