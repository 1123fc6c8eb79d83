import Exchange

/// What the checks of one endpoint have said so far.
struct HealthRecord {
    /// Nil before the first check.
    private(set) var isWell: Bool?
    /// How many in a row have said the contrary.
    private var contrary = 0

    /// Takes the outcome of one more check; whether the endpoint's state has changed. The first outcome decides by itself: who
    /// is new shall neither be trusted for long nor wait for long.
    mutating func note(_ isGood: Bool, _ check: HealthCheck) -> Bool {
        guard let isWell else {
            isWell = isGood
            return true
        }
        contrary = isGood == isWell ? 0 : contrary + 1
        guard contrary >= (isGood ? check.successes : check.failures) else { return false }
        self.isWell = isGood
        contrary = 0
        return true
    }
}
