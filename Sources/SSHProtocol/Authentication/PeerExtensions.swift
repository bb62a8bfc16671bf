// SPDX-License-Identifier: Apache-2.0

import Wire

/// What a peer has told in EXT_INFO (RFC 8308).
struct PeerExtensions {
    /// `server-sig-algs`: the public key algorithms that the server takes.
    private(set) var signatureAlgorithms: [String]?
    /// Whether the server knows `publickey-hostbound-v00@openssh.com`.
    private(set) var takesHostBoundKeys = false
    private var messages = 0

    mutating func receive(_ message: ExtInfo) throws(SSHError) {
        messages += 1
        guard messages <= SSHLimits.extInfoMessages else {
            throw SSHError(
                .limitExceeded, "the peer sent more than \(SSHLimits.extInfoMessages) EXT_INFO")
        }
        for item in message.extensions {
            switch item.name {
            case ExtensionName.signatureAlgorithms:
                signatureAlgorithms = item.value.split(separator: UInt8(ascii: ",")).map {
                    String(decoding: $0, as: UTF8.self)
                }
            case ExtensionName.hostBoundKeys:
                takesHostBoundKeys = item.value.elementsEqual("0".utf8)
            default: break
            }
        }
    }
}

/// The names of the extensions that we know.
enum ExtensionName {
    /// RFC 8308 section 3.1.
    static let signatureAlgorithms = "server-sig-algs"
    /// OpenSSH's PROTOCOL, section 3.1.
    static let hostBoundKeys = "publickey-hostbound@openssh.com"
    /// OpenSSH's PROTOCOL: the server answers PING.
    static let ping = "ping@openssh.com"
    /// OpenSSH's PROTOCOL: the client takes EXT_INFO during authentication too.
    static let extInfoInAuth = "ext-info-in-auth@openssh.com"
}
