// SPDX-License-Identifier: Apache-2.0

internal import EventLoop
import Glibc
public import SSHConfig

extension LocalContext {
    /// This machine, its user and its files, for reading ssh_config.
    ///
    /// - Throws: ``FileProblem`` where the system knows no user of this process's number.
    public static func thisMachine() throws(FileProblem) -> LocalContext {
        guard let user = account(ofID: getuid()) else {
            throw FileProblem("no user exists for uid \(getuid())")
        }
        var name = [CChar](repeating: 0, count: 256)
        _ = unsafe gethostname(&name, name.count - 1)
        return LocalContext(
            userName: user.name, userID: getuid(), homeDirectory: user.homeDirectory,
            hostName: text(name), environment: environmentVariables,
            homeDirectoryOfUser: { account(named: $0)?.homeDirectory },
            readFile: readConfigurationFile, expandGlob: pathsMatching)
    }

    /// The environment variables of this process.
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

/// What the system knows of a user.
private struct Account {
    let name: String
    let homeDirectory: String
}

/// The room for the texts of an account, in bytes; more than any real one takes.
private let accountBytes = 65_536

private func account(ofID id: uid_t) -> Account? {
    unsafe lookUp { unsafe getpwuid_r(id, $0, $1, accountBytes, $2) }
}

private func account(named name: String) -> Account? {
    unsafe lookUp { unsafe getpwnam_r(name, $0, $1, accountBytes, $2) }
}

private func lookUp(
    _ call: (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> CInt
) -> Account? {
    var entry = unsafe passwd()
    var texts = [CChar](repeating: 0, count: accountBytes)
    var found: UnsafeMutablePointer<passwd>?
    return unsafe texts.withUnsafeMutableBufferPointer { texts in
        guard let texts = texts.baseAddress, unsafe call(&entry, texts, &found) == 0,
            unsafe found != nil
        else { return nil }
        let home = unsafe String(cString: entry.pw_dir)
        return unsafe Account(
            name: String(cString: entry.pw_name),
            homeDirectory: home.count > 1 && home.hasSuffix("/") ? String(home.dropLast()) : home)
    }
}

/// Reads a configuration file, if it is a regular one that may be trusted.
private func readConfigurationFile(
    _ request: ConfigurationFileRequest
) -> ConfigurationFileContents {
    // Not to wait for a writer, should it be a pipe.
    let descriptor = unsafe open(request.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
        return errno == ENOENT ? .missing : .unreadable(SystemError.last("open").reason)
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
        return .unreadable(SystemError.last("fstat").reason)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { return .unreadable("not a regular file") }
    if request.requiresTrustedOwner {
        guard status.st_uid == getuid() || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
            return .unreadable("bad owner or permissions")
        }
    }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= request.byteLimit {
        let count = unsafe read(descriptor, &buffer, buffer.count)
        if count < 0 { return .unreadable(SystemError.last("read").reason) }
        if count == 0 { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    return .bytes(bytes[...])
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

private func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
