// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Wire

/// A program to be started.
public struct Program: Sendable {
    /// The program, looked for in `PATH` where its name holds no slash, and its arguments.
    public var arguments: [String]
    /// Environment variables that are set on top of this process's own.
    public var environment: [String: String]
    /// Where its standard streams lead.
    public var input: Stream
    /// Where its standard output goes.
    public var output: Stream
    /// Where its standard error goes.
    public var error: Stream

    /// Where a standard stream leads.
    public enum Stream: Sendable {
        /// Where this process's own leads.
        case inherited
        /// Nowhere.
        case null
        /// To what this descriptor stands for; it stays the caller's.
        case descriptor(CInt)
    }

    /// Names a program.
    ///
    /// - Precondition: there is an argument.
    public init(
        _ arguments: [String], environment: [String: String] = [:], input: Stream = .null,
        output: Stream = .null, error: Stream = .inherited
    ) {
        precondition(!arguments.isEmpty, "a program without a name")
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.output = output
        self.error = error
    }

    /// A command line for the user's shell, which `exec` replaces by the command.
    ///
    /// - Parameters:
    ///   - command: what the shell is to run, in its syntax.
    ///   - shell: `SHELL` of the environment; nil or empty for `/bin/sh`, as ssh does it.
    public static func shellCommand(_ command: String, shell: String?) -> Program {
        let shell = shell.flatMap { $0.isEmpty ? nil : $0 } ?? "/bin/sh"
        return Program([shell, "-c", "exec " + command])
    }

    /// Starts the program, with no signal blocked or ignored: what this process does with signals
    /// is its own affair.
    ///
    /// - Returns: the number of the process, which has to be waited for.
    public func start() throws(SystemError) -> CInt {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in [input, output, error].enumerated() {
            switch stream {
            case .inherited: break
            case .null:
                unsafe posix_spawn_file_actions_addopen(
                    &actions, CInt(number), "/dev/null", O_RDWR, 0)
            case .descriptor(let descriptor):
                unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, CInt(number))
            }
        }

        var arguments = unsafe Self.cStrings(arguments)
        var variables = unsafe Self.cStrings(variables)
        defer {
            unsafe Self.free(arguments)
            unsafe Self.free(variables)
        }
        var process: pid_t = 0
        let code = unsafe posix_spawnp(
            &process, self.arguments[0].keptCString, &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw SystemError(call: self.arguments[0], code: code) }
        return process
    }

    /// The environment of the program, as `name=value`.
    private var variables: [String] {
        var result: [String] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let text = unsafe String(keepingCString: entry)
            let name = text.prefix { $0 != "=" }
            if environment[String(name)] == nil { result.append(text) }
            unsafe next += 1
        }
        return result + environment.map { "\($0.key)=\($0.value)" }
    }

    /// Copies of texts as C wants them, with NULL behind the last.
    private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0.keptCString) } + [nil]
    }

    private static func free(_ strings: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe strings.indices { unsafe Glibc.free(strings[index]) }
    }
}

/// How a program ended.
public enum ProgramStatus: Hashable, Sendable {
    /// By itself, with this status.
    case exited(Int)
    /// By this signal.
    case signalled(Int)

    /// What wait(2) reports.
    init(waitStatus status: CInt) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(Int(status >> 8) & 0xFF) : .signalled(Int(signal))
    }
}

extension ProgramStatus: CustomStringConvertible {
    /// `exit status 1` or `signal 15`.
    public var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let number): "signal \(number)"
        }
    }
}
