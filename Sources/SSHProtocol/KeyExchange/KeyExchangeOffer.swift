// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// Our side of the algorithm negotiation, and what the markers in the peer's mean.
struct KeyExchangeOffer {
    let role: Role
    let preferences: AlgorithmPreferences
    let mlkem: MLKEM768?
    /// Compression methods for what we receive, in order of preference.
    var receivedCompression: [CompressionAlgorithm]
    /// Whether we do strict key exchange; only tests play a peer that does not.
    var isStrict = true
    /// Whether later offers bear the marker for it; only tests play a peer that errs so.
    var repeatsMarkers = false

    init(role: Role, preferences: AlgorithmPreferences, mlkem: MLKEM768? = nil) {
        self.role = role
        self.preferences = preferences.available
        self.mlkem = mlkem
        receivedCompression =
            preferences.steersCompression ? [.none, .zlibOpenSSH] : preferences.compression
    }

    /// Names in the key exchange list that are no methods.
    private enum Marker {
        /// The sender takes EXT_INFO (RFC 8308 section 2.1).
        static func extInfo(_ role: Role) -> String {
            role == .client ? "ext-info-c" : "ext-info-s"
        }
        /// The sender does strict key exchange (OpenSSH's PROTOCOL, section 1.9).
        static func strict(_ role: Role) -> String {
            role == .client ? "kex-strict-c-v00@openssh.com" : "kex-strict-s-v00@openssh.com"
        }
    }

    /// Our KEXINIT.
    ///
    /// Markers belong into the first one only: they describe the connection, not one exchange.
    func kexInit(cookie: Bytes, isInitial: Bool) -> KexInit {
        var methods = preferences.keyExchange.filter {
            mlkem != nil || !$0.needsMLKEM
        }.map(\.rawValue)
        if isInitial { methods.append(Marker.extInfo(role)) }
        if isInitial ? isStrict : repeatsMarkers { methods.append(Marker.strict(role)) }
        return KexInit(
            cookie: cookie, keyExchange: methods,
            serverHostKey: preferences.hostKey.map(\.rawValue),
            encryption: .init(both: preferences.ciphers.map(\.rawValue)),
            mac: .init(both: preferences.macs.map(\.rawValue)),
            compression: compression)
    }

    private var compression: KexInit.Directions {
        let sent = preferences.compression.map(\.rawValue)
        let received = receivedCompression.map(\.rawValue)
        return switch role {
        case .client: .init(clientToServer: sent, serverToClient: received)
        case .server: .init(clientToServer: received, serverToClient: sent)
        }
    }

    /// Whether the peer takes EXT_INFO, from its first KEXINIT.
    func peerTakesExtInfo(_ peer: KexInit) -> Bool {
        peer.keyExchange.contains(Marker.extInfo(role.peer))
    }

    /// Whether key exchange is strict, from the peer's first KEXINIT.
    func isStrict(_ peer: KexInit) -> Bool {
        isStrict && peer.keyExchange.contains(Marker.strict(role.peer))
    }

    /// Whether a packet follows the peer's KEXINIT that was sent for a method that is not used
    /// (RFC 4253 section 7): the guess is right only if both prefer the same method and host key
    /// algorithm.
    static func isWrongGuess(ours: KexInit, peer: KexInit) -> Bool {
        peer.firstKexPacketFollows
            && (ours.keyExchange.first != peer.keyExchange.first
                || ours.serverHostKey.first != peer.serverHostKey.first)
    }
}
