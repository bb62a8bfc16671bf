// SPDX-License-Identifier: Apache-2.0

import EventLoop
public import SSHProtocol
import Wire

/// Why there is no connection, or no channel: which step failed, where, and of what.
public enum SSHClientError: Error, Sendable {
    /// The options leave nothing to offer, or ask for what we do not have.
    case configuration(Endpoint, String)
    /// The host's name stands for no address.
    case unknownHost(Endpoint, String)
    /// No address of the host took a connection.
    case notConnected(Endpoint, [DialError.Failure])
    /// The command that was to make the connection did not.
    case proxyFailed(Endpoint, String)
    /// A step took longer than it may.
    case timedOut(Endpoint, Step)
    /// The connection ended during a step; in step ``Step/session``, after it had been there.
    case ended(Endpoint, Step, SSHError)
    /// The host's key is not to be trusted, or could not be checked.
    case hostKeyRefused(Endpoint, HostKeyRefusal)
    /// The server lets the user in by none of the ways that are left.
    ///
    /// The summary says what came of each method.
    case permissionDenied(Endpoint, user: String, methods: [String], summary: String)
    /// The server did not open a channel, or not start what was to run on it.
    case channelRefused(Endpoint, String)
    /// What ran on the server has failed; the text says what, and how.
    case programFailed(Endpoint, String)
    /// We closed a channel, which the text names, since nothing came or went on it for so long
    /// (`ChannelTimeout`).
    case channelIdle(Endpoint, String, Duration)
    /// We closed the connection ourselves.
    case closed(Endpoint)

    /// The steps of a connection's life that depend on the server.
    public enum Step: Sendable {
        /// Until the server's host key has been accepted and new keys are in use.
        case handshake
        /// Until the user is in.
        case login
        /// Until a channel is there.
        case openingChannel
        /// From then on.
        case session
    }

    /// Whether another attempt could do better, without anyone changing anything: the network and
    /// the server's state may change, a wrong key or a refused login will not.
    public var mayPass: Bool {
        switch self {
        case .unknownHost, .notConnected, .proxyFailed, .timedOut, .channelIdle: true
        case .ended(_, _, let error):
            switch error.code {
            case .connectionLost, .disconnectedByPeer: true
            default: false
            }
        case .configuration, .hostKeyRefused, .permissionDenied, .channelRefused, .programFailed,
            .closed:
            false
        }
    }
}

/// Why a host key was refused.
public enum HostKeyRefusal: Equatable, Sendable {
    /// known_hosts has another key for the host: the place of its line, and the fingerprint shown.
    case changed(knownAt: String, fingerprint: String)
    /// known_hosts says that nobody should trust the key: the place of the line.
    case revoked(at: String)
    /// Nobody knows the key, and nobody was there or allowed to be asked; if it came in a certificate,
    /// the text says why that is of no use.
    case unknown(fingerprint: String, certificate: String?)
    /// Nobody knows the key, and there is no file to remember it in.
    case notRememberable(fingerprint: String)
    /// The key is another one than before, and known_hosts did not have it then.
    case other(fingerprint: String)
    /// The host's address is known by another key (`CheckHostIP`): the place of its line.
    case addressDiffers(knownAt: String)
    /// The user said no.
    case declined
    /// An RSA key shorter than `RequiredRSASize`.
    case tooShort(bits: Int, required: Int)
    /// The known_hosts files cannot be relied on; the text says why.
    case unreliableFiles(String)
}

extension SSHClientError: CustomStringConvertible {
    /// One line: where, what, and why.
    public var description: String {
        switch self {
        case .configuration(let endpoint, let reason): "\(endpoint): \(TerminalText.line(reason))"
        case .unknownHost(let endpoint, let reason):
            "could not resolve hostname \(TerminalText.line(endpoint.host)): "
                + TerminalText.line(reason)
        case .notConnected(let endpoint, let failures):
            "connect to \(endpoint): \(Self.text(failures))"
        case .proxyFailed(let endpoint, let reason): "\(endpoint): \(TerminalText.line(reason))"
        case .timedOut(let endpoint, let step): "\(endpoint): timed out \(step.description)"
        case .ended(let endpoint, let step, let error):
            "\(endpoint): \(step.prefix)\(TerminalText.line(error.reason))"
        case .hostKeyRefused(let endpoint, let refusal):
            "\(endpoint): host key verification failed: \(refusal)"
        case .permissionDenied(let endpoint, let user, let methods, let summary):
            "\(TerminalText.line(user))@\(endpoint): Permission denied "
                + "(\(TerminalText.line(methods.joined(separator: ",")))): "
                + TerminalText.line(summary)
        case .channelRefused(let endpoint, let reason): "\(endpoint): \(TerminalText.line(reason))"
        case .programFailed(let endpoint, let reason): "\(endpoint): \(TerminalText.line(reason))"
        case .channelIdle(let endpoint, let name, let limit):
            "\(endpoint): \(TerminalText.line(name)) was closed after \(limit.components.seconds) seconds without data "
                + "(ChannelTimeout)"
        case .closed(let endpoint): "\(endpoint): the connection was closed"
        }
    }

    /// The errors, and the addresses if there was more than one.
    private static func text(_ failures: [DialError.Failure]) -> String {
        if failures.count == 1, let only = failures.first { return only.error.reason }
        return failures.map { "\($0.address): \($0.error.reason)" }.joined(separator: ", ")
    }
}

extension SSHClientError.Step: CustomStringConvertible {
    /// When it was, to follow "timed out".
    public var description: String {
        switch self {
        case .handshake: "during the key exchange"
        case .login: "while logging in"
        case .openingChannel: "while opening a channel"
        case .session: "waiting for the server to answer"
        }
    }

    fileprivate var prefix: String {
        switch self {
        case .handshake: "unable to negotiate: "
        case .login: "login failed: "
        case .openingChannel, .session: "connection lost: "
        }
    }
}

extension HostKeyRefusal: CustomStringConvertible {
    /// What is wrong with the key.
    public var description: String {
        switch self {
        case .changed(let place, let fingerprint):
            "the key has changed: it is \(fingerprint) now, and another one in "
                + TerminalText.line(place)
        case .revoked(let place): "the key is revoked in \(TerminalText.line(place))"
        case .unknown(let fingerprint, let certificate):
            "the key \(fingerprint) is unknown"
                + (certificate.map { ", and its certificate \(TerminalText.line($0))" } ?? "")
        case .notRememberable(let fingerprint):
            "the key \(fingerprint) is unknown, and UserKnownHostsFile names no file to "
                + "remember it in"
        case .other(let fingerprint):
            "the key has changed since the first connection: it is \(fingerprint) now"
        case .addressDiffers(let place):
            "the host's address has another key in \(TerminalText.line(place))"
        case .declined: "you did not accept the key"
        case .tooShort(let bits, let required):
            "the RSA key has \(bits) bits, and \(required) are required"
        case .unreliableFiles(let reason): TerminalText.line(reason)
        }
    }
}
