// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig
import SSHCrypto
import Wire

/// Looks at what there is here to log in with, and to know servers by.
struct LoginExamination {
    /// What holds for the host.
    let options: ClientOptions
    let world: SystemWorld
    let loop: EpollLoop

    /// What there is to say.
    var findings: [Finding] {
        get async throws {
            let keys = try await loop.offload { [options, world] in
                options.identityFiles.map { KeyFile($0, world) }
            }
            let agent = await agentFindings
            let known = keys.compactMap(Self.finding)
            let hasKey = agent.contains { $0.kind == .good } || known.contains { $0.kind == .good }
            return known + agent + (hasKey ? [] : [Self.noKey]) + [knownHostsFinding]
        }
    }

    private static let noKey = Finding.note(
        "there is no key to log in with, so servers will have to take a password",
        remedy:
            "make a key by 'ssh-keygen -t ed25519', and bring it to the server by 'ssh-copy-id HOST'"
    )

    /// Nil for a file of which nobody has said that it should be there.
    private static func finding(_ file: KeyFile) -> Finding? {
        let path = file.path
        switch file.content {
        case .missing where file.isDefault: return nil
        case .missing:
            return .problem(
                "\(path): this key is not there",
                remedy:
                    "correct IdentityFile or -i, or make the key by 'ssh-keygen -t ed25519 -f \(path)'"
            )
        case .publicKey: return .good("\(path): the public half of a key that the agent holds")
        case .key: return .good("\(path): a private key")
        case .locked: return .good("\(path): a private key with a passphrase")
        case .exposed(let permissions):
            return .problem(
                "\(path): others may read this private key "
                    + "(mode \(String(permissions, radix: 8))), so it is not used",
                remedy: "keep it from them: 'chmod 600 \(path)'")
        case .unusable(let reason):
            return .problem(
                "\(path): \(reason)",
                remedy: "if it is a key in another format, 'ssh-keygen -p -f \(path)' rewrites it; "
                    + "if it is broken, make one by 'ssh-keygen -t ed25519'")
        }
    }

    private var agentFindings: [Finding] {
        get async {
            guard let path = options.identityAgent else { return [] }
            do {
                return [Self.finding(try await keysOfAgent(at: path).count, path)]
            } catch {
                return [
                    .problem(
                        "the agent at \(path): \(Self.words(for: error))",
                        remedy: "start one by 'eval \"$(ssh-agent)\"' and 'ssh-add', or unset "
                            + "SSH_AUTH_SOCK (ssh_config: IdentityAgent)")
                ]
            }
        }
    }

    private func keysOfAgent(at path: String) async throws -> [AgentClient.Key] {
        let agent = AgentClient(
            channel: try await world.connectAgent(path), loop: loop,
            connectTimeout: options.connectTimeout)
        do {
            let keys = try await agent.keys()
            await agent.close()
            return keys
        } catch {
            await agent.close()
            throw error
        }
    }

    private static func finding(_ count: Int, _ path: String) -> Finding {
        count == 0
            ? .note("the agent at \(path) holds no key", remedy: "give it yours: 'ssh-add'")
            : .good("the agent at \(path) holds \(count) key\(count == 1 ? "" : "s")")
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as SystemError: error.reason
        case AgentClient.Failure.silent: "it does not answer"
        default: "it is no agent: \(error)"
        }
    }

    private var knownHostsFinding: Finding {
        guard let path = options.userKnownHostsFiles.first else {
            return .note("host keys are not remembered (UserKnownHostsFile none)")
        }
        let directory = Self.parent(of: path)
        // The first of these that there is decides; ~/.ssh is made where it is missing.
        let places =
            [path, directory] + (directory.hasSuffix("/.ssh") ? [Self.parent(of: directory)] : [])
        for place in places {
            if unsafe access(place, W_OK) == 0 {
                return .good("host keys are remembered in \(path)")
            }
            let error = SystemError.last("access")
            guard error.code != ENOENT else { continue }
            return .note(
                "host keys can't be remembered in \(path): \(error.reason)",
                remedy: "make it yours ('ls -ld \(place)' says whose it is), or name another file: "
                    + "-o UserKnownHostsFile=FILE")
        }
        return .note(
            "host keys can't be remembered in \(path): there is no such directory",
            remedy: "make it: 'mkdir -p \(directory)'")
    }

    private static func parent(of path: String) -> String {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        return end == path.startIndex ? "/" : String(path[..<end])
    }
}
