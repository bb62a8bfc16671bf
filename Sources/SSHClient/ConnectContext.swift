// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import Wire

/// What every step of connecting has at hand.
struct ConnectContext: Sendable {
    let options: ClientOptions
    let loop: any EventLoop
    let world: any ClientWorld
    let prompter: any Prompter
    /// ML-KEM for the hybrid key exchange, where there is one.
    var mlkem: MLKEM768?
    /// What is kept of the first connection for later ones.
    var memory: HostMemory?
    /// How long dialling may take; nil for all the time that connecting may take.
    var dialTime: Duration?

    var endpoint: Endpoint { Endpoint(host: options.hostName, port: options.port) }

    /// Tells the user something, if `LogLevel` wants it; texts of strangers are made harmless.
    func show(_ message: String, level: LogLevel) {
        guard level <= options.logLevel, options.logLevel != .quiet else { return }
        prompter.show(TerminalText.lines(message), level: level)
    }

    /// Says what happens, for those who look into a problem: nothing secret.
    func trace(_ message: @autoclosure () -> String, level: LogLevel = .debug1) {
        guard level <= options.logLevel else { return }
        show(message(), level: level)
    }

    func refused(_ refusal: HostKeyRefusal) -> SSHClientError {
        .hostKeyRefused(endpoint, refusal)
    }
}
