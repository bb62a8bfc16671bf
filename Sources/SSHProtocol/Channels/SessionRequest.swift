// SPDX-License-Identifier: Apache-2.0

/// What a client asks for on a session channel (RFC 4254 section 6).
public enum SessionRequest: Equatable, Sendable {
    /// Sets an environment variable for what is started later.
    case environment(name: String, value: String)
    /// Runs a command line through the user's shell.
    case exec(command: String)
    /// Runs what the server knows by this name.
    case subsystem(name: String)
    /// Runs the user's shell.
    case shell
}

extension SessionRequest {
    var kind: ChannelRequest.Kind {
        switch self {
        case .environment(let name, let value): .environment(name: name, value: value)
        case .exec(let command): .exec(command: command)
        case .subsystem(let name): .subsystem(name: name)
        case .shell: .shell
        }
    }

    /// The session request that this is, or nil for every other kind.
    init?(_ kind: ChannelRequest.Kind) {
        switch kind {
        case .environment(let name, let value): self = .environment(name: name, value: value)
        case .exec(let command): self = .exec(command: command)
        case .subsystem(let name): self = .subsystem(name: name)
        case .shell: self = .shell
        case .exitStatus, .exitSignal, .endOfWrite, .other: return nil
        }
    }
}
