// SPDX-License-Identifier: Apache-2.0

import Glibc
import SSHConfig
import Wire

/// A folder of files for one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = try unsafe withTemplate("folder") { unsafe mkdtemp($0) == nil ? -1 : 0 }.path
    }

    deinit {
        _ = try? run(["/bin/rm", "-rf", path])
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: some Collection<UInt8>) throws -> String {
        let file = path + "/" + name
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw SystemFailure(call: "open", number: errno) }
        defer { close(descriptor) }
        let bytes = Array(text)
        let written = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        guard written == bytes.count else { throw SystemFailure(call: "write", number: errno) }
        return file
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try write(name, text.utf8)
    }
}

struct SystemFailure: Error {
    let call: String
    let number: Int32
}

/// The bytes of a file; nil where there is none.
func readFile(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        guard count >= 0 else { return nil }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

/// What came of running a program.
struct ProgramResult {
    let status: Int32
    let output: String
    let errors: String
}

/// Runs a program to its end, with nothing to read and the environment given.
func run(_ command: [String], environment: [String] = ["PATH=/usr/bin:/bin"]) throws
    -> ProgramResult
{
    let outputFile = try CapturedStream()
    let errorFile = try CapturedStream()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, outputFile.descriptor, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errorFile.descriptor, 2)
    let arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
    var child: pid_t = 0
    let failure = unsafe posix_spawn(&child, command[0], &actions, nil, arguments, variables)
    guard failure == 0 else { throw SystemFailure(call: "posix_spawn", number: failure) }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 {
        guard errno == EINTR else { throw SystemFailure(call: "waitpid", number: errno) }
    }
    return ProgramResult(
        status: status & 0x7F == 0 ? status >> 8 & 0xFF : 255, output: try outputFile.text(),
        errors: try errorFile.text())
}

/// A file without a name that takes a program's output.
private final class CapturedStream {
    let descriptor: Int32

    init() throws {
        let file = try unsafe withTemplate("output") { unsafe mkstemp($0) }
        descriptor = file.result
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unsafe unlink(file.path)
    }

    deinit {
        close(descriptor)
    }

    func text() throws -> String {
        guard let bytes = readFile("/proc/self/fd/\(descriptor)") else {
            throw SystemFailure(call: "read", number: errno)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension LocalContext {
    /// This machine as ssh(1) sees it, with the environment of the programs that tests run.
    static func thisMachine(environment: [String: String] = [:]) -> LocalContext {
        var hostName = [CChar](repeating: 0, count: 256)
        _ = unsafe gethostname(&hostName, hostName.count - 1)
        let user = unsafe getpwuid(getuid())
        var local = LocalContext(
            userName: unsafe user.map { unsafe String(cString: $0.pointee.pw_name) } ?? "",
            userID: getuid(),
            homeDirectory: unsafe user.map { unsafe String(cString: $0.pointee.pw_dir) } ?? "",
            hostName: String(
                decoding: hostName.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
            environment: environment)
        local.homeDirectoryOfUser = { name in
            unsafe getpwnam(name).map { unsafe String(cString: $0.pointee.pw_dir) }
        }
        local.readFile = { request in
            SSHConfigTests.readFile(request.path).map { .bytes($0[...]) } ?? .missing
        }
        local.expandGlob = paths
        local.numericAddress = addressInNumbers
        local.runCommand = { command in
            guard let result = try? run(["/bin/sh", "-c", command]) else {
                return .broken("no shell")
            }
            return result.status == 255 ? .broken("killed") : .exited(status: Int(result.status))
        }
        return local
    }
}

/// The paths that match a pattern, sorted.
private func paths(matching pattern: String) -> [String] {
    var result = unsafe glob_t()
    defer { unsafe globfree(&result) }
    guard unsafe glob(pattern, 0, nil, &result) == 0 else { return [] }
    return unsafe (0..<Int(result.gl_pathc)).compactMap { index in
        unsafe result.gl_pathv[index].map { unsafe String(cString: $0) }
    }
}

/// An address in numbers as the system writes it.
private func addressInNumbers(_ text: String) -> String? {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(text, nil, &hints, &found) == 0, let entry = unsafe found else {
        return nil
    }
    defer { unsafe freeaddrinfo(found) }
    var name = [CChar](repeating: 0, count: 256)
    guard
        unsafe getnameinfo(
            entry.pointee.ai_addr, entry.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0,
            NI_NUMERICHOST) == 0
    else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Where temporary files go.
private let temporaryRoot: String = {
    unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
}()

/// Has a name made up in the place for temporary files by `body`, which returns less than 0 for failure.
private func withTemplate(
    _ kind: String, _ body: (UnsafeMutablePointer<CChar>) -> Int32
) throws -> (path: String, result: Int32) {
    var template = Array("\(temporaryRoot)/hawser-\(kind)-XXXXXX".utf8CString)
    let result = unsafe template.withUnsafeMutableBufferPointer { buffer in
        unsafe buffer.baseAddress.map { unsafe body($0) } ?? -1
    }
    guard result >= 0 else { throw SystemFailure(call: "mkstemp", number: errno) }
    let path = template.dropLast().map { UInt8(bitPattern: $0) }
    return (String(decoding: path, as: UTF8.self), result)
}
