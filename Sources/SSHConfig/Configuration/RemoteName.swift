// SPDX-License-Identifier: Apache-2.0

import Wire

/// Refuses host and user names that could be taken for something else.
///
/// Names from a command line, a URL or a configuration end up in messages, file names and, with
/// proxies, in commands. Text that could be an option (`-oProxyCommand=`), a command or a terminal
/// escape is refused wherever it comes from, before it is used for anything. The rules are those of
/// ssh(1) since OpenSSH 9.6, CVE-2023-51385.
enum RemoteName {
    /// Checks a host name or address.
    static func checkHost(
        _ name: String, at location: ConfigurationLocation?
    ) throws(SSHConfigError) {
        let bytes = name.utf8
        guard !bytes.isEmpty else {
            throw SSHConfigError(.invalidName, at: location, "the host name is empty")
        }
        guard bytes.count <= ConfigurationLimits.hostNameBytes else {
            throw SSHConfigError(.limitExceeded, at: location, "the host name is too long")
        }
        guard bytes.first != UInt8(ascii: "-"),
            bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !bytesRefusedInHosts.contains($0) })
        else {
            throw SSHConfigError(
                .invalidName, at: location, "the host name \(quoted(name)) has invalid characters")
        }
    }

    /// Checks a user name.
    static func checkUser(
        _ name: String, at location: ConfigurationLocation?
    ) throws(SSHConfigError) {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty else {
            throw SSHConfigError(.invalidName, at: location, "the user name is empty")
        }
        guard bytes.count <= ConfigurationLimits.userNameBytes else {
            throw SSHConfigError(.limitExceeded, at: location, "the user name is too long")
        }
        let looksLikeOption = zip([UInt8(ascii: " ")] + bytes, bytes).contains {
            $0 == UInt8(ascii: " ") && $1 == UInt8(ascii: "-")
        }
        guard !looksLikeOption, bytes.last != UInt8(ascii: "\\"),
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && !bytesRefusedInUsers.contains($0) })
        else {
            throw SSHConfigError(
                .invalidName, at: location, "the user name \(quoted(name)) has invalid characters")
        }
    }

    private static let bytesRefusedInHosts = Set("'`\"$\\;&<>|(){}".utf8)
    private static let bytesRefusedInUsers = Set("'`\";&<>|(){}".utf8)
}

/// A text for a message: in quotes, fit to be shown, and not endlessly long.
func quoted(_ text: some StringProtocol) -> String {
    "\"\(TerminalText.line(text, limit: 80))\""
}
