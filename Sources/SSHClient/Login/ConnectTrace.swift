// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import SSHProtocol

/// What is said of a connection that is being made, in words like ssh's `-v`.
extension ConnectContext {
    /// What both sides have agreed on, and the key that the server showed.
    func traceKeyExchange(
        software: String?, algorithms: NegotiatedAlgorithms?, hostKey: HostKey
    ) {
        trace("Remote software version \(software ?? "unknown")")
        if let algorithms {
            trace("kex: algorithm: \(algorithms.keyExchange.rawValue)")
            trace("kex: host key algorithm: \(algorithms.hostKey.rawValue)")
            trace("kex: server->client \(algorithms.serverToClient.summary)")
            trace("kex: client->server \(algorithms.clientToServer.summary)")
        }
        trace("Server host key: \(hostKey.key.kindName) \(hostKey.key.fingerprint)")
    }

    /// What is going to be offered.
    func traceOffer(_ algorithms: AlgorithmPreferences) {
        func say(_ what: String, _ names: [String]) {
            trace("offered \(what): \(names.joined(separator: ","))", level: .debug2)
        }
        say("key exchange methods", algorithms.keyExchange.map(\.rawValue))
        say("host key algorithms", algorithms.hostKey.map(\.rawValue))
        say("ciphers", algorithms.ciphers.map(\.rawValue))
        say("MACs", algorithms.macs.map(\.rawValue))
        say("compression", algorithms.compression.map(\.rawValue))
    }

    /// What the key files turned out to be.
    func traceFiles(_ files: IdentityFiles) {
        for file in files.keys {
            let content =
                switch file.content {
                case .missing: "missing"
                case .publicKey: "a public key"
                case .key: "a private key"
                case .locked: "a private key with a passphrase"
                case .exposed: "a private key that others may read"
                case .unusable: "of no use"
                }
            let certificate = file.certificate == nil ? "" : ", with a certificate beside it"
            trace("identity file \(file.path): \(content)\(certificate)", level: .debug2)
        }
        for file in files.certificates {
            trace("certificate file \(file.path)", level: .debug2)
        }
    }
}

extension NegotiatedAlgorithms.Direction {
    fileprivate var summary: String {
        "cipher: \(cipher.rawValue) MAC: \(mac?.rawValue ?? "<implicit>") "
            + "compression: \(compression.rawValue)"
    }
}
