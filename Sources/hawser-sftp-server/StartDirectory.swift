// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPServer
import Wire

/// The argument of `-d`.
enum StartDirectory {
    /// Expands `~` and `~user` at the start, then `%d` (home), `%u` (name), `%U` (number) and `%%`.
    static func expand(_ text: Bytes, name: Bytes, home: Bytes) throws(StartFailure) -> Bytes {
        var left = try expandTilde(text, home: home)
        var result: Bytes = []
        while let byte = left.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            switch left.popFirst() {
            case UInt8(ascii: "d"): result += home
            case UInt8(ascii: "u"): result += name
            case UInt8(ascii: "U"): result += String(Accounts.currentUser).utf8
            case UInt8(ascii: "%"): result.append(byte)
            default:
                throw StartFailure(
                    description: "Unknown %-sequence in start directory \(ServerLog.quoted(text))")
            }
        }
        return result
    }

    private static func expandTilde(_ text: Bytes, home: Bytes) throws(StartFailure) -> Bytes {
        guard text.first == UInt8(ascii: "~") else { return text }
        let user = text.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let rest = text.dropFirst(1 + user.count)
        if user.isEmpty { return home + rest }
        guard let account = Accounts.user(named: user) else {
            throw StartFailure(description: "No such user \(ServerLog.quoted(user))")
        }
        return account.home + rest
    }
}
