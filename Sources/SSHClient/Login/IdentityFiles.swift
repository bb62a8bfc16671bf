// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto

/// The files that `IdentityFile` and `CertificateFile` name, as they were found.
struct IdentityFiles: Sendable {
    var keys: [KeyFile] = []
    var certificates: [NamedCertificate] = []
    /// What the user is to be told about files that are of no use.
    var problems: [String] = []

    /// A certificate of a file that the configuration names.
    struct NamedCertificate: Sendable {
        let path: String
        let certificate: Certificate
    }

    /// Reads all of them, on a helper thread, unless that has been done before.
    static func load(_ context: ConnectContext) async throws -> IdentityFiles {
        guard context.options.pubkeyAuthentication != .no else { return IdentityFiles() }
        if let files = context.memory?.files { return files }
        let files = try await context.loop.offload {
            [options = context.options, world = context.world] in
            IdentityFiles(options, world)
        }
        context.memory?.files = files
        return files
    }

    private init() {}

    private init(_ options: ClientOptions, _ world: any ClientWorld) {
        keys = options.identityFiles.map { KeyFile($0, world) }
        for path in options.certificateFiles {
            if let certificate = PublicKeyFile(at: path, world)?.certificate {
                certificates.append(NamedCertificate(path: path, certificate: certificate))
            } else {
                problems.append("\(path): no certificate of a user")
            }
        }
    }
}
