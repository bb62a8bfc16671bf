// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
public import SSHConfig
import Synchronization
import Wire

extension LocalContext {
    /// This machine, its user and its files, for reading ssh_config.
    ///
    /// - Throws: ``FileProblem`` where the system knows no user of this process's number.
    public static func thisMachine() throws(FileProblem) -> LocalContext {
        guard let account = Accounts.user(number: Accounts.currentUser) else {
            throw FileProblem("no user exists for uid \(Accounts.currentUser)")
        }
        var local = LocalContext(
            userName: String(keepingBytesOf: account.name), userID: Accounts.currentUser,
            homeDirectory: directory(account.home), hostName: localHostName(),
            environment: environmentVariables)
        local.homeDirectoryOfUser = { name in
            Accounts.user(named: name.keptBytes[...]).map { directory($0.home) }
        }
        let pipes = PipeContents()
        local.readFile = { pipes.read($0) }
        local.expandGlob = pathsMatching
        let shell = local.environment["SHELL"]
        local.runCommand = { run($0, shell: shell) }
        local.interfaceAddresses = { SocketAddress.ofInterfaces().map(\.hostBytes) }
        local.numericAddress = { SocketAddress.numeric($0)?.description }
        local.lookUp = findHost
        return local
    }

    /// The environment variables of this process; of two with one name, the last.
    public static var environmentVariables: [String: String] {
        var variables: [String: String] = [:]
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let text = unsafe String(keepingCString: entry)
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
    let path = String(keepingBytesOf: bytes)
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
}

private func localHostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Reads configuration files, if they may be trusted, and keeps what came out of pipes: a
/// configuration is read again for each connection, a pipe cannot be.
private final class PipeContents: Sendable {
    private let contents = Mutex<[String: Bytes]>([:])

    func read(_ request: ConfigurationFileRequest) -> ConfigurationFileContents {
        if request.mayBePipe, let known = contents.withLock({ $0[request.path] }) {
            return .bytes(known)
        }
        do {
            let content = try FileContent.read(
                request.path, limit: request.byteLimit,
                // ssh reads directories too, and finds nothing in them: `Include conf.d/*`.
                alsoFrom: request.mayBePipe ? [.pipe, .directory] : .directory)
            guard let content else { return .missing }
            guard !request.requiresTrustedOwner || content.isTrusted else {
                return .unreadable("bad owner or permissions")
            }
            let bytes = content.bytes[...]
            if content.isPipe { contents.withLock { $0[request.path] = bytes } }
            return .bytes(bytes)
        } catch {
            return .unreadable(error.description)
        }
    }
}

/// The paths that match a glob(7) pattern, sorted.
private func pathsMatching(_ pattern: String) -> [String] {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    guard unsafe glob(pattern.keptCString, 0, nil, &found) == 0 else { return [] }
    return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
        unsafe found.gl_pathv[index].map { unsafe String(keepingCString: $0) }
    }
}

/// Asks the system's resolver for a host.
private func findHost(_ name: String, _ family: AddressFamily) -> HostLookup? {
    do {
        let alias = try SocketAddress.canonicalName(of: name, family: family.internetFamily)
        return HostLookup(canonicalName: alias)
    } catch {
        return nil
    }
}

/// Runs a command by the user's shell to its end.
private func run(_ command: String, shell: String?) -> CommandOutcome {
    do {
        let shell = shell.flatMap { $0.isEmpty ? nil : $0 } ?? "/bin/sh"
        switch try Program([shell, "-c", command]).run() {
        case .exited(let status): return .exited(status: status)
        case .signalled(let number): return .broken("it was ended by signal \(number)")
        }
    } catch {
        return .broken(error.reason)
    }
}
