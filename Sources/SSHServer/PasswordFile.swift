// SPDX-License-Identifier: Apache-2.0

import CCrypt
import Wire

/// A file with lines `user:hash`, the hashes as of crypt(5).
///
/// What follows a second colon is ignored, so that lines of shadow(5) will do.
struct PasswordFile {
    /// The largest file that makes sense, in bytes.
    static let bytes = 1 << 20
    /// The longest password that is tried, in bytes: `CRYPT_MAX_PASSPHRASE_SIZE` of crypt(3).
    static let passwordBytes = 511

    private let hashes: [(user: Bytes, hash: Bytes)]

    init(_ content: Bytes) {
        hashes = content.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.first != UInt8(ascii: "#") else { return nil }
            let fields = line.split(
                separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count >= 2 ? (fields[0], fields[1]) : nil
        }
    }

    /// What comes of a password.
    enum Answer {
        case right
        case wrong
        /// The method of the hash is not good for new passwords any more, or not known.
        case hashTooWeak
    }

    /// Whether a password is the user's; the first line that names the user counts.
    ///
    /// It takes about as long where the file does not name the user.
    func answer(to password: Bytes, of user: Bytes) -> Answer {
        guard !password.isEmpty, password.count <= Self.passwordBytes, !password.contains(0),
            let line = hashes.first(where: { $0.user == user }) ?? hashes.first
        else { return .wrong }
        var secret = password.map { CChar(bitPattern: $0) } + [0]
        defer { for index in secret.indices { secret[index] = 0 } }
        let hash = line.hash.map { CChar(bitPattern: $0) } + [0]
        guard unsafe ccrypt_is_good(hash) != 0 else { return .hashTooWeak }
        return unsafe ccrypt_matches(secret, hash) != 0 && line.user == user ? .right : .wrong
    }
}
