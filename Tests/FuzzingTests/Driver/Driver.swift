import Glibc

/// What libFuzzer calls for every input it makes; `SERIN_FUZZ_TARGET` names the target.
///
/// A broken rule ends the process, upon which libFuzzer keeps the input.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // libFuzzer lends `count` bytes for the length of this call, and no pointer when there are none.
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    if let problem = target.problem(with: input) { fatalError("\(target): \(problem)") }
    return 0
}

private let target: FuzzTarget = {
    // getenv returns nil or a C string that lives on; nothing here changes the environment.
    let name = unsafe getenv("SERIN_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("SERIN_FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()
