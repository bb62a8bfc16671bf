// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import RemoteFS
import SFTPClient
import SSHClient
import SSHConfig
import SSHProtocol

/// What to do about a connection that was not made.
struct Remedy {
    /// The host as the user calls it.
    let host: String
    /// Whether a program makes the connection (`ProxyCommand`).
    var usesProxyCommand = false

    /// What to do about an error, in one line.
    func text(for error: any Error) -> String {
        switch error {
        case let error as ConnectionProblem: error.cause.map(text) ?? Self.unknown
        case let error as SSHClientError: text(for: error)
        case let error as SFTPError: text(for: error)
        case let error as SSHConfigError: text(for: error)
        case is TimeoutError:
            "see what the server runs before the SFTP server: ForceCommand in its sshd_config, and "
                + "the shell's start-up files; something there waits"
        default: Self.unknown
        }
    }

    private static let unknown = "ask again with -vvv, which says what happens"

    private func text(for error: SSHConfigError) -> String {
        let place = error.location.map { $0.file == "-o" ? "the options" : $0.file } ?? "ssh_config"
        return error.code == .unreadableFile
            ? "make it yours, and let nobody else write to it: 'chmod go-w FILE'"
            : "correct \(place); ssh_config(5) and hawser_config(5) say what may stand there"
    }

    private func text(for error: SSHClientError) -> String {
        switch error {
        case .configuration:
            "correct the option: 'hawser config \(host)' prints those that hold, and "
                + "hawser_config(5) says what they may be"
        case .unknownHost(let endpoint, _):
            "check the name, HostName in ssh_config, and the name servers: "
                + "'getent hosts \(endpoint.host)'"
        case .notConnected(let endpoint, let failures): text(for: failures, at: endpoint)
        case .proxyFailed: proxyCommand
        case .timedOut(let endpoint, let step): text(forSilenceIn: step, at: endpoint)
        case .ended(let endpoint, let step, let error): text(for: error.code, step, at: endpoint)
        case .hostKeyRefused(let endpoint, let refusal): text(for: refusal, at: endpoint)
        case .permissionDenied(_, let user, let methods, _):
            methods.contains("publickey")
                ? "bring your public key there: 'ssh-copy-id \(user)@\(host)'; check the name to log "
                    + "in with (-l), and on the server 'chmod go-w ~ ~/.ssh ~/.ssh/authorized_keys'"
                : "log in where you can be asked for the password, or have the server's "
                    + "administrator allow keys (PubkeyAuthentication in its sshd_config)"
        case .channelRefused, .programFailed: Self.noSubsystem
        case .channelIdle: "see ChannelTimeout in ssh_config and in the server's sshd_config"
        case .closed: Self.unknown
        }
    }

    private var proxyCommand: String {
        "run the ProxyCommand by itself to see what is wrong ('hawser config \(host)' prints it)"
    }

    private static let noSubsystem =
        "the server's sshd_config needs the line 'Subsystem sftp internal-sftp', or the path of a program "
        + "that is there; without that, name one by -o sftp_server=/usr/lib/openssh/sftp-server"

    private func text(for failures: [DialError.Failure], at endpoint: Endpoint) -> String {
        failures.contains { $0.error.code == ECONNREFUSED }
            ? "start an SSH server there, or say by -p at which port it listens: nothing does at "
                + "\(endpoint.port)"
            : "see whether the host is up and whether a firewall stands before port "
                + "\(endpoint.port); a host behind another one is reached by -J"
    }

    private func text(forSilenceIn step: SSHClientError.Step, at endpoint: Endpoint) -> String {
        switch step {
        case .handshake:
            "see whether an SSH server listens at port \(endpoint.port), and not something else; "
                + "or the server is overloaded (MaxStartups in its sshd_config)"
        case .login, .openingChannel, .session:
            "look into the server's log: it waits for something, as for a name server or for PAM"
        }
    }

    private func text(
        for code: SSHError.Code, _ step: SSHClientError.Step, at endpoint: Endpoint
    ) -> String {
        switch code {
        case .versionExchangeFailed:
            "say by -p at which port the SSH server listens: what answers at \(endpoint.port) is none"
        case .noCommonAlgorithm:
            "let Ciphers, MACs, KexAlgorithms or HostKeyAlgorithms of ssh_config name one that the "
                + "server has, or have it updated; 'hawser config \(host)' prints yours"
        case .connectionLost where step == .handshake && usesProxyCommand: proxyCommand
        case .connectionLost, .disconnectedByPeer:
            step == .handshake
                ? "look into the server's log: it has ended the connection, as for too many at once "
                    + "(MaxStartups), for an address that it refuses, or as that port is no SSH server's"
                : "look into the server's log: it has ended the connection"
        default: Self.unknown
        }
    }

    private func text(for refusal: HostKeyRefusal, at endpoint: Endpoint) -> String {
        switch refusal {
        case .changed(let place, _), .addressDiffers(let place):
            "ask the server's administrator whether its key was changed; if it was, forget the "
                + "old one by 'ssh-keygen -R \(Self.knownName(endpoint))' (\(place)); if not, "
                + "somebody may be listening"
        case .other: "ask the server's administrator which of the two keys is its own"
        case .revoked: "do not connect: the key may be in the hands of others"
        case .unknown:
            "connect once on a terminal and compare the fingerprint with the server's, or take it on "
                + "trust by -o StrictHostKeyChecking=accept-new"
        case .notRememberable: "name a file for it by -o UserKnownHostsFile=FILE"
        case .declined: "compare the fingerprint with the server's, then answer yes"
        case .tooShort:
            "have the server make longer keys, or allow these by -o RequiredRSASize=BITS"
        case .unreliableFiles: "mend the file that is named there, or delete its bad lines"
        }
    }

    /// How known_hosts names a server.
    private static func knownName(_ endpoint: Endpoint) -> String {
        endpoint.port == 22 ? endpoint.host : "'[\(endpoint.host)]:\(endpoint.port)'"
    }

    private func text(for error: SFTPError) -> String {
        switch error {
        case .protocolViolation:
            "let the shell's start-up files there print nothing unless a person sees it: begin "
                + "~/.bashrc with '[[ $- == *i* ]] || return', and look at ForceCommand"
        case .connectionLost: Self.noSubsystem
        case .status, .unsupported, .noProgress, .cancelled: Self.unknown
        }
    }
}
