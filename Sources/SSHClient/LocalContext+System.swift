// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalFiles
public import SSHConfig
import Wire

extension LocalContext {
    /// This machine, its user and its files, for reading ssh_config.
    ///
    /// - Throws: ``FileProblem`` where the system knows no user of this process's number.
    public static func thisMachine() throws(FileProblem) -> LocalContext {
        guard let account = Accounts.user(number: Accounts.currentUser) else {
            throw FileProblem("no user exists for uid \(Accounts.currentUser)")
        }
        return LocalContext(
            userName: String(decoding: account.name, as: UTF8.self), userID: Accounts.currentUser,
            homeDirectory: directory(account.home), hostName: localHostName(),
            environment: environmentVariables,
            homeDirectoryOfUser: { name in
                Accounts.user(named: Array(name.utf8)[...]).map { directory($0.home) }
            },
            readFile: readConfiguration, expandGlob: pathsMatching)
    }

    /// The environment variables of this process; of two with one name, the last.
    public static var environmentVariables: [String: String] {
        var variables: [String: String] = [:]
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let text = unsafe String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            unsafe next += 1
        }
        return variables
    }
}

/// A directory's path without a slash at its end.
private func directory(_ bytes: Bytes) -> String {
    let path = String(decoding: bytes, as: UTF8.self)
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
}

private func localHostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Reads a configuration file, if it may be trusted.
private func readConfiguration(
    _ request: ConfigurationFileRequest
) -> ConfigurationFileContents {
    do {
        guard let file = try FileContent.read(request.path, limit: request.byteLimit) else {
            return .missing
        }
        guard !request.requiresTrustedOwner || file.isTrusted else {
            return .unreadable("bad owner or permissions")
        }
        return .bytes(file.bytes[...])
    } catch {
        return .unreadable(error.description)
    }
}

/// The paths that match a glob(7) pattern, sorted.
private func pathsMatching(_ pattern: String) -> [String] {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
    return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
        unsafe found.gl_pathv[index].map { unsafe String(cString: $0) }
    }
}
