// SPDX-License-Identifier: Apache-2.0

/// The limits on what a peer may make us hold or do, each with its source.
package enum SSHLimits {
    /// The longest binary packet, length field excluded: OpenSSH's `PACKET_MAX_SIZE`.
    package static let packetBytes = 256 * 1024
    /// The largest payload that we send: data of a channel in the largest packet that we use.
    ///
    /// Far enough below the packet limit for what zlib adds to data that it can't compress.
    package static let outgoingPayloadBytes = 192 * 1024 + 64
    /// The largest payload after decompression: the packet limit again, so that a compressed packet
    /// never grows beyond what an uncompressed one could have brought.
    package static let inflatedPayloadBytes = 256 * 1024
    /// Lines that a server may send before its identification: OpenSSH's `SSH_MAX_PRE_BANNER_LINES`.
    package static let linesBeforeIdentification = 1024
    /// The longest line before and including the identification, CR LF excluded.
    ///
    /// OpenSSH's `SSH_MAX_BANNER_LEN`. RFC 4253 section 4.2 wants 255 for the identification itself.
    package static let identificationLineBytes = 8192
    /// The software's name and version in our identification, and what stands behind it: with
    /// "SSH-2.0-", a space and CR LF within the 255 characters of RFC 4253 section 4.2.
    package static let softwareVersion = 40
    package static let identificationComments = 200
    /// Names of algorithms, services, methods, requests, extensions.
    ///
    /// RFC 4251 section 6 limits
    /// names to 64 characters; older private names are longer.
    package static let nameBytes = 1024
    /// A user name: far above the 32 of useradd(8).
    package static let userNameBytes = 1024
    /// A password or one answer of keyboard-interactive: PAM's `PAM_MAX_RESP_SIZE` is 512.
    package static let passwordBytes = 4096
    /// The blob of a public key: an RSA key of 16,384 bits and a certificate around it.
    package static let publicKeyBytes = 64 * 1024
    /// A signature blob: an RSA key of 16,384 bits gives 2,048 bytes.
    package static let signatureBytes = 16 * 1024
    /// Banners in one authentication that are shown.
    package static let banners = 16
    /// Extensions in one EXT_INFO: OpenSSH's limit.
    package static let extInfoExtensions = 1024
    /// EXT_INFO messages before the user is authenticated: after NEWKEYS, before SUCCESS (RFC 8308
    /// section 2.4), and during authentication (OpenSSH's `ext-info-in-auth`).
    package static let extInfoMessages = 3
    /// How long a later key exchange may take, in seconds: OpenSSH's `LoginGraceTime`.
    package static let keyExchangeSeconds = 120
    /// Prompts in one INFO_REQUEST: OpenSSH's own servers send few.
    package static let interactivePrompts = 100
    /// Rounds of questions in one keyboard-interactive request.
    package static let interactiveRounds = 32
    /// Name or value of an environment variable.
    package static let environmentBytes = 32 * 1024
    /// Bytes of replies that a peer may make us queue while it does not read, or during a key
    /// exchange.
    package static let queuedReplyBytes = 256 * 1024
    /// Requests of one channel that wait for our owner's answer.
    package static let unansweredRequests = 64
    /// Authentication requests that wait while our owner decides on an earlier one.
    package static let pipelinedAuthentications = 4
    /// Authentication requests in one connection: OpenSSH's limit.
    package static let authenticationRequests = 1024
    /// Host keys in one `hostkeys-00@openssh.com`.
    package static let advertisedHostKeys = 64
}
